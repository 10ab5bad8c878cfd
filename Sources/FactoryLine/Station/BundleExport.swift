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
        let stock = try ExportStock(self)
        switch try stock.choose(selection) {
        case .made(let number):
            return Export(bundle: try stock.bundle(number), number: number, isRepeated: true, left: stock.left.count)
        case .next(let births, let restorations):
            guard listed.isValid(at: now) else { throw ExportFailure.expired(name) }
            let (envelopes, logs) = try stock.births.read(births)
            let number = stock.bundles.latest + 1
            let bundle = try BirthBundle(
                births: envelopes,
                logs: logs,
                restorations: restorations.map(\.envelope),
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
            let left = stock.left.subtracting(births.map(\.digest) + restorations.map(\.digest))
            return Export(bundle: bundle, number: number, isRepeated: false, left: left.count)
        }
    }
}
