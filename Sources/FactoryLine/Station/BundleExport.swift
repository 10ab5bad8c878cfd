import DurableFiles
public import Messages

/// Which births, with what was signed when their devices were restored, are to leave the line.
public enum ExportSelection: Hashable, Sendable {
    /// Those that are in no bundle yet, as many as one holds; when there are none, the latest bundle again.
    case new
    /// Those of these serial numbers, with the births of boards that were swapped; the latest bundle again when it holds just these.
    case serials([Label])
    /// An earlier bundle, byte for byte.
    case bundle(Int64)
}

/// Births as they leave the line.
public struct Export: Sendable {
    /// The bundle.
    public var bundle: BirthBundle
    /// Its number in the station's sequence.
    public var number: Int64
    /// Whether it had been made before.
    public var isRepeated: Bool
    /// How many births and restorations are in no bundle yet.
    public var left: Int
}

extension Station {
    /// Why births cannot be exported.
    public enum ExportFailure: Error, Sendable, CustomStringConvertible {
        /// No birth of this serial number was signed here.
        case unknown(Label)
        /// A signed birth names an event log that is not there.
        case logMissing(serial: Label, ContentDigest)
        /// More births, or more bytes, than one bundle holds.
        case tooMany(Int)
        /// No birth was signed here yet.
        case nothing
        /// There is no bundle of this number.
        case noBundle(Int64, latest: Int64)
        /// The station's word does not count now, so no verifier would take the bundle.
        case expired(Label)

        /// One sentence for people.
        public var description: String {
            switch self {
            case .unknown(let serial): "no birth of \(serial) was signed here"
            case .logMissing(let serial, let digest): "the event log \(digest) of \(serial) is missing"
            case .tooMany(let count):
                """
                \(count) births with their logs are more than one bundle holds (\(BirthBundle.maximumBirths) births, \
                \(BirthBundle.maximumSize >> 20) MiB)
                """
            case .nothing: "no birth was signed here yet"
            case .noBundle(let number, let latest): "there is no bundle \(number); the latest is \(latest)"
            case .expired(let station):
                """
                the word of station \(station) does not count now, by this machine's clock and its birth-keys.json
                """
            }
        }

        /// What to do next.
        public var hint: String {
            switch self {
            case .unknown: "read the serial number again, or run birthmark-factory provision first"
            case .logMissing: "restore births/logs from a copy of the station's directory"
            case .tooMany: "name fewer with --serial"
            case .nothing: "run birthmark-factory provision first"
            case .noBundle: "birthmark births stations lists the bundles that the verifier has not got"
            case .expired:
                "check the clock; then run birthmark-factory init with --days, and give birth-keys.json to the verifiers"
            }
        }
    }

    /// Puts signed births and the event logs that they name into a bundle with the next number of the station's sequence.
    ///
    /// The number is taken by writing the signed list down, whole and durably, before the bundle leaves: no crash gives one number
    /// two contents, and a bundle that was numbered and never left can be had again, byte for byte. It is of the births and logs on disk,
    /// which never change.
    /// - Parameter now: seconds since 1970.
    public func export(_ selection: ExportSelection, now: Int64) throws -> Export {
        let lock = try FileLock.waiting(for: directory.bundleLock)
        defer { lock.release() }
        let made = try BundleFiles(self)
        let (births, restorations) = (try SignedBirths(BirthFiles(self)), try SignedRestorations(self))
        var left = Set((births.names.map(\.digest) + restorations.all.map(\.digest)).filter { !made.hold($0) })
        func again(_ number: Int64) throws -> Export {
            guard let (envelope, list) = made[number] else {
                throw ExportFailure.noBundle(number, latest: made.latest)
            }
            let path = directory.list(of: number)
            let (envelopes, logs) = try births.read(births.named(by: list, at: path))
            return Export(
                bundle: BirthBundle(
                    list: envelope,
                    births: envelopes,
                    logs: logs,
                    restorations: try restorations.named(by: list, at: path).map(\.envelope)
                ),
                number: number,
                isRepeated: true,
                left: left.count
            )
        }
        let wanted: [SignedBirths.Entry]
        var restored: [SignedRestorations.Entry]
        switch selection {
        case .bundle(let number): return try again(number)
        case .new:
            restored = restorations.all.filter { left.contains($0.digest) }
            let new = births.names.filter { left.contains($0.digest) }
            if new.isEmpty && restored.isEmpty {
                guard made.latest > 0 else { throw ExportFailure.nothing }
                return try again(made.latest)
            }
            wanted = try births.fitting(new, beside: restored.map(\.size).reduce(0, +))
            restored = Array(restored.prefix(BirthBundle.maximumBirths - wanted.count))
        case .serials(let serials):
            let missing = serials.first { serial in !births.names.contains { $0.name.serial == serial } }
            if let missing { throw ExportFailure.unknown(missing) }
            wanted = births.names.filter { serials.contains($0.name.serial) }
            restored = restorations.all.filter { serials.contains($0.restoration.serial) }
            let digests = restored.map(\.digest)
            if let (_, latest) = made[made.latest], latest.births == wanted.map(\.digest),
                latest.restorations ?? [] == digests
            {
                return try again(made.latest)
            }
            let fitting = try births.fitting(wanted, beside: restored.map(\.size).reduce(0, +))
            guard fitting.count == wanted.count, wanted.count + restored.count <= BirthBundle.maximumBirths else {
                throw ExportFailure.tooMany(wanted.count + restored.count)
            }
        }
        guard listed.isValid(at: now) else { throw ExportFailure.expired(name) }
        let (envelopes, logs) = try births.read(wanted)
        let number = made.latest + 1
        let bundle = try BirthBundle(
            births: envelopes,
            logs: logs,
            restorations: restored.map(\.envelope),
            station: name,
            number: number,
            at: now,
            signer: signer
        )
        try AtomicFile.write(
            try CanonicalJSON.encode(bundle.list),
            to: directory.list(of: number),
            existing: .keep
        )
        left.subtract(wanted.map(\.digest) + restored.map(\.digest))
        return Export(bundle: bundle, number: number, isRepeated: false, left: left.count)
    }
}
