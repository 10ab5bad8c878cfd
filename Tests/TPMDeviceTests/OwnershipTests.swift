import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

@Suite struct OwnershipTests {
    /// libtss2 has one reference for both: the end of one value must not be the end of the other.
    @Test func twoWaysToOneIndexEndOneByOne() async throws {
        try await withDevice { device in
            let content = try await device.onTPM { tpm throws(TPMError) -> [UInt8]? in
                let handle = Handle(rawValue: 0x0180_0001)
                let area = TPMSNVPublic(
                    nvIndex: handle,
                    nameAlg: .sha256,
                    attributes: [.ownerWrite, .ownerRead, .authWrite, .authRead, .noDA],
                    dataSize: 2
                )
                let first = try tpm.nvDefineSpace(area)
                do {
                    guard let second = try tpm.nvIndex(at: handle) else { return nil }
                    try tpm.nvWrite([1, 2], to: second)
                }
                return try tpm.nvRead(first, count: 2)
            }
            #expect(content == [1, 2])
        }
    }

    @Test func twoWaysToOneKeyEndOneByOne() async throws {
        try await withDevice { device in
            let names = try await device.onTPM { tpm throws(TPMError) -> [Name] in
                let handle = Handle(rawValue: 0x8101_0042)
                let first = try tpm.persist(
                    tpm.createPrimary(Templates.signingKey, in: .owner).object,
                    at: handle
                )
                let again = try tpm.persistentObject(at: handle)?.name
                return [try tpm.readPublic(first).name, again ?? .empty]
            }
            #expect(names[0] == names[1])
        }
    }

    /// What a killed program has left in the TPM's few slots is thrown out.
    @Test func abandonedObjectsAndSessionsAreFlushed() async throws {
        try await withDevice { device in
            let killed = try await openTPM(tcti: device.tcti)
            let left = try await countAndFlush(while: killed, tcti: device.tcti)
            #expect(left == [2, 0])
            await killed.close()
        }
    }

    /// Holds an object and a session on one connection, as a program does that is about to be killed, and plays the
    /// program that comes after it on another.
    private func countAndFlush(while killed: isolated TPM, tcti: String) async throws -> [Int] {
        let connection = try killed.connection
        let object = try connection.createPrimary(Templates.signingKey, in: .owner)
        let session = try connection.startSession(.hmac)
        let next = try await openTPM(tcti: tcti)
        let counts = try await next.perform { tpm throws(TPMError) in
            let before = try tpm.handles(.transient).count + tpm.handles(.hmacSession).count
            try tpm.flushAbandoned()
            return [before, try tpm.handles(.transient).count + tpm.handles(.hmacSession).count]
        }
        await next.close()
        withExtendedLifetime(session) {}
        _ = object.object.name
        return counts
    }
}
