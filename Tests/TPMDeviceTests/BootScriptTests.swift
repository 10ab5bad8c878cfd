import Crypto
import FoundationEssentials
import SoftwareDevice
import TPMWire
import Testing

/// Boots that users write themselves.
@Suite struct BootScriptTests {
    private func withFile<Result>(_ text: String, _ body: (String) throws -> Result) throws -> Result {
        let path = "/tmp/tpmdevice-tests-\(UInt64.random(in: 0...UInt64.max)).json"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    @Test func whatIsMeasuredIsWhatTheFileSays() async throws {
        let image = "/tmp/tpmdevice-tests-\(UInt64.random(in: 0...UInt64.max)).img"
        try Data("the kernel".utf8).write(to: URL(filePath: image))
        defer { try? FileManager.default.removeItem(atPath: image) }
        let file = try withFile(
            """
            {"name":"mine-1.0","events":[
              {"pcr":8,"type":"EV_IPL","text":"vmlinuz","file":"\(image)","changedBy":["kernel"]},
              {"pcr":1,"type":"EV_SEPARATOR","hex":"00000000"}]}
            """
        ) { try BootFile(contentsOf: $0) }
        try await withDevice { device in
            let replay = try LogReplay(try await device.boot(file)).banks[.sha256, default: [:]]
            func extended(_ bytes: [UInt8]) -> [UInt8] {
                Array(SHA256.hash(data: [UInt8](repeating: 0, count: 32) + Array(SHA256.hash(data: bytes))))
            }
            #expect(replay[8] == extended(Array("the kernel".utf8)))
            #expect(replay[1] == extended([0, 0, 0, 0]))
            let changed = try LogReplay(try await device.boot(file, tamper: [.kernel])).banks[.sha256, default: [:]]
            #expect(Set(replay.keys.filter { replay[$0] != changed[$0] }) == [8])
            await #expect(throws: SoftwareDeviceError.self) { try await device.boot(file, tamper: [.firmware]) }
        }
    }

    @Test(arguments: [
        (#"{"name":"a","events":[]}"#, "1 to 10000 events"),
        (#"{"name":"a","events":[{"pcr":24,"type":"EV_IPL"}]}"#, "event 1: \"pcr\" is 0 to 23"),
        (#"{"name":"a","events":[{"pcr":0,"type":"EV_NO_ACTION"}]}"#, "no measured event"),
        (#"{"name":"a","events":[{"pcr":0,"type":"EV_IPL","text":"a","hex":"00"}]}"#, "\"text\" or"),
        (#"{"name":"a","events":[{"pcr":0,"type":"EV_IPL","hex":"0"}]}"#, "not hexadecimal"),
        (#"{"name":"a","events":[{"pcr":0,"type":"EV_IPL","contents":"a","file":"b"}]}"#, "is measured"),
        (#"{"name":"a","events":[{"pcr":0,"type":"EV_IPL","colour":"red"}]}"#, "colour"),
        (#"{"name":"a","platfrom":{}}"#, "says no boot"), ("[]", "says no boot"),
    ])
    func whatIsNotUnderstoodIsNamed(text: String, says: String) throws {
        try withFile(text) { path in
            let error = #expect(throws: SoftwareDeviceError.self) { try BootFile(contentsOf: path) }
            #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        }
    }
}
