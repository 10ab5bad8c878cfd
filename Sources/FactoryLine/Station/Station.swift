import Crypto
public import DurableFiles
public import FactoryAuthority
public import Messages
import VerifierClient

/// A factory station: the key that signs births, and the way to the CA that certifies devices.
public struct Station: Sendable {
    /// Where its files are.
    public let directory: FactoryDirectory
    /// What it is called.
    public let name: Label
    /// What a verifier must know to import this station's births, and how long they count.
    public let listed: StationKey
    let authority: StationAuthority?
    /// Whether a CA host certifies for it; one that is its own CA judges its TPMs itself.
    public var asksHost: Bool { if case .distant? = authority { true } else { false } }
    /// Seconds since 1970 after which its CA host accepts its certificate no more; `nil` when it asks none.
    public var enrolmentExpiry: Int64? {
        if case .distant(_, let identity, _)? = authority { identity.expiry } else { nil }
    }
    let signer: StatementSigner

    /// Why a station cannot be made or opened.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case file(FileError)
        /// A file is there and is not what it should be; names it and what to do.
        case damaged(path: String, String)
        /// No station was made in this directory.
        case noStation(String)
        case authority(AuthorityFailure)
        case message(MessageError)

        /// One sentence for people.
        public var description: String {
            switch self {
            case .file(let error): error.description
            case .damaged(let path, let detail): "\(path): \(detail)"
            case .noStation(let path): "\(path) holds no station"
            case .authority(let error): error.description
            case .message(let error): error.description
            }
        }
    }

    private static let maximumKeyFile = 16 << 10

    /// How long a station's word counts when nothing is said: a year, so that a key that was lost does not count for ever.
    public static let defaultDays: Int64 = 365
    /// More than any station lives.
    public static let maximumDays: Int64 = 36_500

    /// Makes a station, or finishes making one that was interrupted; keys that are there stay.
    ///
    /// - Parameters:
    ///   - date: seconds since 1970 from which the CA is valid and the station's word counts.
    ///   - days: for how many days from that date it counts; of a station that is there, from `date` on anew when it is given.
    ///   - choice: who certifies its devices.
    ///   - passphrase: what its own CA's key files are encrypted with; nil for not at all.
    /// - Returns: the station, and whether anything had to be made.
    public static func make(
        in directory: FactoryDirectory,
        name: Label,
        at date: Int64,
        days: Int64? = nil,
        certifiedBy choice: AuthorityChoice = .own(),
        passphrase: Passphrase? = nil
    ) throws(Failure) -> (station: Station, made: Bool) {
        var made = false
        for path in directory.directories { try run { () throws(FileError) in try PrivateDirectory.make(path) } }

        let written = try config(directory)
        if let written, written.name != name {
            throw .damaged(
                path: directory.config,
                "this station is called \(written.name); choose another directory for \(name)"
            )
        }
        let stationKey = try key(directory.stationKey, made: &made)
        if try StationAuthority.make(choice, in: directory, station: name, passphrase: passphrase, at: date) {
            made = true
        }
        let told = try keys(directory)?.stations.first
        var own = StationKey(
            name: name,
            key: StatementKey(stationKey.publicKey),
            from: told?.from ?? written?.from ?? date,
            until: told?.until ?? written?.until ?? date + Self.defaultDays * 86_400
        )
        if let days { own.until = date + min(max(days, 1), Self.maximumDays) * 86_400 }
        if told == nil || (days != nil && told != own) {
            let bytes = try parse(directory.birthKeys) { () throws(MessageError) in
                try EditedJSON.encode(StationKeys([own]))
            }
            try write(bytes, to: directory.birthKeys, mode: 0o644)
            made = true
        }
        // The configuration comes last: with it the station is whole.
        let config = FactoryConfig(name: name, from: own.from, until: own.until)
        if written != config {
            let bytes = try parse(directory.config) { () throws(MessageError) in try EditedJSON.encode(config) }
            try write(bytes, to: directory.config, mode: 0o644)
            made = true
        }
        return (try Station(opening: directory, passphrase: passphrase), made)
    }

    /// Opens a station that ``make(in:name:at:days:certifiedBy:passphrase:)`` made.
    ///
    /// - Parameters:
    ///   - passphrase: what its own CA's key files are encrypted with.
    ///   - certifying: whether it is to give birth; to export births no CA is needed.
    public init(
        opening directory: FactoryDirectory,
        passphrase: Passphrase? = nil,
        certifying: Bool = true
    ) throws(Failure) {
        guard let config = try Self.config(directory) else {
            throw .noStation(directory.path)
        }
        for path in directory.directories { try Self.run { () throws(FileError) in try PrivateDirectory.make(path) } }
        // What another process put down before it was killed is relied on from now on; perhaps only the kernel has it.
        for path in [
            directory.journal, directory.births, directory.logs, directory.reworks, directory.bundles,
            directory.restorations,
        ] {
            try Self.run { () throws(FileError) in try AtomicFile.synchronize(directory: path) }
        }
        name = config.name
        self.directory = directory

        let stationKey = try Self.existingKey(directory.stationKey)
        signer = .p256(stationKey)
        authority = certifying ? try StationAuthority.open(directory, passphrase: passphrase) : nil

        guard let keys = try Self.keys(directory) else {
            throw .damaged(path: directory.birthKeys, "is missing; run `birthmark-factory init` again")
        }
        let own = StatementKey(stationKey.publicKey)
        guard let listed = keys.stations.first(where: { $0.name == config.name && $0.key == own }) else {
            throw .damaged(
                path: directory.stationKey,
                "is not the key in \(directory.birthKeys); restore both from the same backup"
            )
        }
        self.listed = listed
    }

    private static func config(_ directory: FactoryDirectory) throws(Failure) -> FactoryConfig? {
        guard let bytes = try read(directory.config, limit: FactoryConfig.maximumSize) else { return nil }
        return try parse(directory.config) { () throws(MessageError) in try FactoryConfig(parsing: bytes) }
    }

    private static func keys(_ directory: FactoryDirectory) throws(Failure) -> StationKeys? {
        guard let bytes = try read(directory.birthKeys, limit: StationKeys.maximumSize) else { return nil }
        return try parse(directory.birthKeys) { () throws(MessageError) in try StationKeys(parsing: bytes) }
    }

    private static func key(_ path: String, made: inout Bool) throws(Failure) -> P256.Signing.PrivateKey {
        if try read(path, limit: maximumKeyFile) != nil { return try existingKey(path) }
        let key = P256.Signing.PrivateKey()
        // Somebody else may be doing the same: then the key on disk is the one.
        do throws(FileError) {
            try AtomicFile.write(Array((key.pemRepresentation + "\n").utf8), to: path, existing: .keep)
            made = true
        } catch {
            guard error.code == .exists else { throw .file(error) }
        }
        return try existingKey(path)
    }

    private static func existingKey(_ path: String) throws(Failure) -> P256.Signing.PrivateKey {
        let found = try run { () throws(FileError) in
            try BoundedFile.readPrivateIfThere(path, limit: maximumKeyFile)
        }
        guard let bytes = found else { throw .damaged(path: path, "the key is missing; restore it from a backup") }
        guard let text = String(validating: bytes, as: UTF8.self),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: text)
        else { throw .damaged(path: path, "is not a P-256 private key in PEM; restore it from a backup") }
        return key
    }

    /// The file's bytes; nil when it does not exist.
    private static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
        try run { () throws(FileError) in try BoundedFile.readIfThere(path, limit: limit) }
    }

    private static func write(_ bytes: [UInt8], to path: String, mode: UInt32) throws(Failure) {
        try run { () throws(FileError) in try AtomicFile.write(bytes, to: path, mode: mode) }
    }

    private static func run<Value>(_ body: () throws(FileError) -> Value) throws(Failure) -> Value {
        do throws(FileError) { return try body() } catch { throw .file(error) }
    }

    private static func parse<Value>(
        _ path: String,
        _ body: () throws(MessageError) -> Value
    ) throws(Failure) -> Value {
        do throws(MessageError) { return try body() } catch { throw .damaged(path: path, error.detail) }
    }
}
