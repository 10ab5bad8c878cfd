import FoundationEssentials
import Glibc

/// Runs something in a directory of its own, which is gone afterwards.
func withTemporaryDirectory<Result>(
    in place: String = "/tmp",
    _ body: (String) async throws -> Result
) async throws -> Result {
    // Short, because sockets lie in it.
    let path = "\(place)/birthmark-bench.\(getpid())"
    try FileManager.default.createDirectory(
        atPath: path,
        withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700]
    )
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(path)) } catch { result = .failure(error) }
    try? FileManager.default.removeItem(atPath: path)
    return try result.get()
}
