import DurableFiles
import FoundationEssentials
import TPMDevice
import TPMWire

/// What Linux measures while it runs: files, into PCR 10, with a list of them.
extension SoftwareDevice {
    /// CONFIG_IMA_MEASURE_PCR_IDX as kernels are built.
    private static let pcr = 10
    /// The PCRs whose digest every list begins with.
    private static let bootAggregate = 0..<10
    /// The most bytes of a file that is measured here; the contents are held in memory.
    private static let maximumFile = 64 << 20

    /// Measures files as the kernel does when they are run: an `ima-ng` entry each, extended into all banks and listed.
    ///
    /// Before the first of a boot stands the digest over what the firmware measured.
    /// - Returns: the whole list, which is then also in ``DeviceDirectory/imaList``.
    @discardableResult
    public func measure(files paths: [String]) async throws -> [UInt8] {
        var list: [UInt8] = []
        if FileManager.default.fileExists(atPath: directory.imaList) {
            list = try BoundedFile.read(directory.imaList, limit: Self.maximumFile)
        }
        let files = try paths.map { path in
            IMARecord(path: path, digest: Digests.sha256(try BoundedFile.read(path, limit: Self.maximumFile)))
        }
        let isFirst = list.isEmpty
        let measured = try await onTPM { connection throws(TPMError) in
            let banks = try connection.pcrBanks().selections.filter { !$0.pcrs.isEmpty }.map(\.hash)
            var records = files
            if isFirst { records.insert(try connection.bootAggregate(Self.bootAggregate), at: 0) }
            for record in records {
                try connection.pcrExtend(
                    Self.pcr,
                    with: banks.compactMap { Digests.digest(record.templateData, bank: $0) }
                )
            }
            return records.flatMap { $0.listed(Self.pcr) }
        }
        list += measured
        try Data(list).write(to: URL(filePath: directory.imaList), options: .atomic)
        return list
    }

    /// After a power cycle Linux begins a new list.
    nonisolated func forgetList() throws {
        guard FileManager.default.fileExists(atPath: directory.imaList) else { return }
        try FileManager.default.removeItem(atPath: directory.imaList)
    }
}

/// An entry of the template `ima-ng` (Linux, Documentation/security/IMA-templates).
private struct IMARecord: Sendable {
    let path: String
    let digest: [UInt8]

    private static let template = Array("ima-ng".utf8)

    /// What the PCR is extended by the digest of.
    var templateData: [UInt8] {
        var data: [UInt8] = []
        for field in [Array("sha256:\0".utf8) + digest, Array(path.utf8) + [0]] {
            data.append(littleEndian: UInt32(truncatingIfNeeded: field.count))
            data += field
        }
        return data
    }

    /// The entry in the binary list with SHA-1 template digests.
    func listed(_ pcr: Int) -> [UInt8] {
        let data = templateData
        var record: [UInt8] = []
        record.append(littleEndian: UInt32(truncatingIfNeeded: pcr))
        record += Digests.digest(data, bank: .sha1)?.digest ?? []
        record.append(littleEndian: UInt32(truncatingIfNeeded: Self.template.count))
        record += Self.template
        record.append(littleEndian: UInt32(truncatingIfNeeded: data.count))
        return record + data
    }
}

extension TPMConnection {
    /// The kernel's own entry: the digest over what was measured before it ran.
    fileprivate func bootAggregate(_ pcrs: Range<Int>) throws(TPMError) -> IMARecord {
        var values: [UInt8] = []
        // TPM2_PCR_Read gives at most eight values at a time.
        for pcr in pcrs {
            guard let selection = TPMSPCRSelection(bank: .sha256, pcrs: [pcr]) else { continue }
            values += try pcrRead(TPMLPCRSelection(selection)).banks[.sha256]?[pcr] ?? []
        }
        return IMARecord(path: "boot_aggregate", digest: Digests.sha256(values))
    }
}
