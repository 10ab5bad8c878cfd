import Glibc

/// A serial line, a pipe or a terminal, read and written in lines, without ever blocking a thread.
public final class CharacterLine: Sendable {
    private let input: CInt
    private let output: CInt
    private let name: String

    private static let lineFeed = UInt8(ascii: "\n")
    /// At 115200 baud some 200 bytes come in this time.
    private static let pause = Duration.milliseconds(20)
    private static let pieceSize = 4096
    /// More than any driver or pipe holds back: 1 MiB.
    private static let forgottenPieces = 256

    /// Opens a device for both directions; a terminal is put into raw mode, and keeps its speed.
    public init(opening path: String) throws(FileError) {
        name = path
        input = unsafe open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        output = input
        guard input >= 0 else { throw FileError(errno: errno, .read, path) }
        try makeRaw()
    }

    /// Takes two descriptors over; they are closed with this.
    public init(input: CInt, output: CInt) throws(FileError) {
        name = "the line"
        self.input = input
        self.output = output
        for descriptor in [input, output] {
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 else {
                throw FileError(errno: errno, .read, name)
            }
        }
        try makeRaw()
    }

    deinit {
        if input >= 0 { close(input) }
        if output != input { close(output) }
    }

    private func makeRaw() throws(FileError) {
        guard isatty(input) == 1 else { return }
        var settings = termios()
        guard unsafe tcgetattr(input, &settings) == 0 else { throw FileError(errno: errno, .read, name) }
        unsafe cfmakeraw(&settings)
        guard unsafe tcsetattr(input, TCSANOW, &settings) == 0 else { throw FileError(errno: errno, .write, name) }
    }

    /// Throws away what came before and was not read; of what never falls silent, as much as can have come before.
    public func forget() {
        var piece = [UInt8](repeating: 0, count: Self.pieceSize)
        for _ in 0..<Self.forgottenPieces {
            guard unsafe piece.withUnsafeMutableBytes({ unsafe read(input, $0.baseAddress, $0.count) }) > 0 else {
                return
            }
        }
    }

    /// Writes a line and its end.
    public func write(_ line: [UInt8]) async throws {
        var rest = (line + [Self.lineFeed])[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(output, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                try await wait(errno, .write)
            }
        }
    }

    /// Reads lines one after the other; of one that is longer than may be, what is behind the bound is thrown away with it.
    /// - Parameter limit: the most bytes of a line without its end.
    public func lines(limit: Int) -> Lines { Lines(line: self, limit: limit) }

    /// Lines as they come.
    public struct Lines: Sendable {
        let line: CharacterLine
        let limit: Int
        private var buffer: [UInt8] = []
        private var isTooLong = false

        init(line: CharacterLine, limit: Int) {
            self.line = line
            self.limit = limit
        }

        /// The next line without its end; `nil` at the end of all.
        public mutating func next() async throws -> [UInt8]? {
            while true {
                // Where something always comes there is no wait that would be broken off.
                try Task.checkCancellation()
                if let end = buffer.firstIndex(of: CharacterLine.lineFeed) {
                    let found = Array(buffer[..<end])
                    buffer.removeFirst(end + 1)
                    defer { isTooLong = false }
                    if !isTooLong { return found }
                    continue
                }
                if buffer.count > limit {
                    buffer = []
                    isTooLong = true
                }
                guard let piece = try await line.piece() else { return nil }
                buffer += piece
                // Nor would whoever measures the time ever run, on a machine with one processor.
                await Task.yield()
            }
        }
    }

    /// What has come, waiting for it.
    /// - Returns: `nil` at the end.
    private func piece() async throws -> [UInt8]? {
        while true {
            var failure: CInt = 0
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
                let read = unsafe Glibc.read(input, buffer.baseAddress, Self.pieceSize)
                failure = read < 0 ? errno : 0
                count = max(0, read)
            }
            if failure == 0 { return piece.isEmpty ? nil : piece }
            // The other side of a pseudo-terminal is closed (pty(7)).
            if failure == EIO { return nil }
            try await wait(failure, .read)
        }
    }

    private func wait(_ number: CInt, _ access: FileError.Act) async throws {
        if number == EINTR { return }
        guard number == EAGAIN || number == EWOULDBLOCK else { throw FileError(errno: number, access, name) }
        try await Task.sleep(for: Self.pause)
    }
}
