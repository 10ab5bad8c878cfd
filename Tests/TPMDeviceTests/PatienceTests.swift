import FoundationEssentials
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A TPM that has no time now: asked again, for as long as a self-test takes, and no longer.
@Suite struct PatienceTests {
    /// Stands between libtss2 and a device's TPM, and answers the first TPM2_GetRandom commands itself with a response code.
    private static let delay = """
        import os, socket, struct, sys
        # libtss2 starts this with everything open that other tests have open: their TPMs serve one client at a time.
        os.closerange(3, 65536)
        path, left, code = sys.argv[1], int(sys.argv[2]), int(sys.argv[3], 16)
        tpm = socket.socket(socket.AF_UNIX)
        tpm.connect(path)
        def exactly(read, count):
            data = b""
            while len(data) < count:
                piece = read(count - len(data))
                if not piece: sys.exit(0)
                data += piece
            return data
        def message(read):
            head = exactly(read, 10)
            return head + exactly(read, struct.unpack(">I", head[2:6])[0] - 10)
        while True:
            command = message(sys.stdin.buffer.raw.read)
            if left and command[6:10] == b"\\x00\\x00\\x01\\x7b":
                left -= 1
                answer = struct.pack(">HII", 0x8001, 10, code)
            else:
                tpm.sendall(command)
                answer = message(tpm.recv)
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()
        """

    private func random(refusing count: Int, with code: String) async throws -> [UInt8] {
        try await withDevice { device in
            let script = device.directory.path + "/delay.py"
            try Data(Self.delay.utf8).write(to: URL(filePath: script))
            let tpm = try await openTPM(tcti: "cmd:python3 \(script) \(device.directory.socket) \(count) \(code)")
            do {
                let bytes = try await tpm.perform { connection throws(TPMError) in try connection.random(count: 16) }
                await tpm.close()
                return bytes
            } catch {
                await tpm.close()
                throw error
            }
        }
    }

    @Test(arguments: ["922", "908", "90a"])
    func aBusyTPMIsAskedAgain(_ code: String) async throws {
        #expect(try await random(refusing: 20, with: code).count == 16)
    }

    /// TPM_RC_NV_RATE and TPM_RC_NV_UNAVAILABLE, which libtss2 does not send again by itself.
    @Test(arguments: ["920", "923"])
    func aTPMThatCannotWriteJustNowIsAskedAgain(_ code: String) async throws {
        #expect(try await random(refusing: 5, with: code).count == 16)
    }

    @Test func aTPMThatStaysBusyIsGivenUpWithWords() async throws {
        let error = await #expect(throws: TPMError.self) { try await random(refusing: 1_000_000, with: "922") }
        #expect(error?.code == .retry)
        #expect(error?.description.contains("run the same command again") == true, "\(String(describing: error))")
    }

    @Test func anotherRefusalIsNotRepeated() async throws {
        // TPM_RC_FAILURE, once: the second answer would be the TPM's own.
        let error = await #expect(throws: TPMError.self) { try await random(refusing: 1, with: "101") }
        #expect(error?.code == .failure)
    }
}
