package import DurableFiles
import Glibc
import HummingbirdCore
import NIOCore

/// The end of a file that is open: what it was when it was opened, whatever happens to its name.
package final class FilePart: Sendable {
    private let descriptor: CInt
    private let offset: UInt64
    private let count: UInt64

    private static let pieceSize = 64 << 10

    /// Opens a file; `nil` when there is none, or it ends before the offset.
    /// - Throws: when it is there and cannot be opened, also for being a link: that is no word for whoever asked.
    package init?(_ path: String, from offset: UInt64) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FileError(errno: errno, .read, path) }
            return nil
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, let size = UInt64(exactly: status.st_size), offset <= size else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        self.offset = offset
        count = size - offset
    }

    deinit { close(descriptor) }

    var body: ResponseBody {
        ResponseBody(contentLength: Int(clamping: count)) { writer in
            var place = self.offset
            let end = self.offset + self.count
            while place < end {
                let piece = try self.read(at: place, atMost: min(UInt64(Self.pieceSize), end - place))
                place += UInt64(piece.readableBytes)
                try await writer.write(piece)
            }
            try await writer.finish(nil)
        }
    }

    private struct Shortened: Error {}

    private func read(at place: UInt64, atMost most: UInt64) throws -> ByteBuffer {
        guard let place = off_t(exactly: place), let most = Int(exactly: most) else { throw Shortened() }
        var buffer = ByteBuffer()
        try unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { bytes in
            let count = unsafe pread(descriptor, bytes.baseAddress, most, place)
            guard count > 0 else { throw Shortened() }
            return count
        }
        return buffer
    }
}
