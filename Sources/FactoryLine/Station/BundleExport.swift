public import Messages

extension Station {
    /// Why births cannot be exported.
    public enum ExportFailure: Error, Sendable, CustomStringConvertible {
        /// No birth of this serial number was signed here.
        case unknown(Label)
        /// A signed birth names an event log that is not there.
        case logMissing(serial: Label, ContentDigest)
        /// More births than one bundle holds.
        case tooMany(Int)
        /// No birth was signed here yet.
        case nothing

        /// One sentence for people.
        public var description: String {
            switch self {
            case .unknown(let serial): "no birth of \(serial) was signed here; run `birthmark-factory provision` first"
            case .logMissing(let serial, let digest):
                "the event log \(digest) of \(serial) is missing; restore births/logs"
            case .tooMany(let count):
                "\(count) births are more than the \(BirthBundle.maximumBirths) of one bundle; name some with --serial"
            case .nothing: "no birth was signed here yet; run `birthmark-factory provision` first"
            }
        }
    }

    /// Signed births with the event logs they name, for a verifier.
    ///
    /// - Parameter serials: which; empty for all.
    public func export(_ serials: [Label]) throws -> BirthBundle {
        let files = BirthFiles(directory: directory)
        let wanted = try serials.isEmpty ? files.serials() : serials
        guard !wanted.isEmpty else { throw ExportFailure.nothing }
        guard wanted.count <= BirthBundle.maximumBirths else { throw ExportFailure.tooMany(wanted.count) }
        var births: [SignedEnvelope] = []
        var logs: [ContentDigest: Blob] = [:]
        for serial in wanted {
            guard let envelope = try files.birth(of: serial) else { throw ExportFailure.unknown(serial) }
            let payload = try envelope.payload(type: BirthRecord.payloadType, signedBy: birthKeys)
            let record = try BirthRecord(parsing: payload)
            if let digest = record.firstBoot.log, logs[digest] == nil {
                guard let log = try files.log(digest), ContentDigest(of: log) == digest else {
                    throw ExportFailure.logMissing(serial: serial, digest)
                }
                logs[digest] = Blob(log)
            }
            births.append(envelope)
        }
        return BirthBundle(births: births, logs: logs.sorted { $0.key < $1.key }.map(\.value))
    }
}
