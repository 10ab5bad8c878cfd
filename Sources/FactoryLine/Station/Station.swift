import Crypto
public import DurableFiles
public import FactoryAuthority
public import Messages

/// A factory station: the key that signs births, and the way to the CA that certifies devices.
public struct Station: Sendable {
    /// Where its files are.
    public let directory: FactoryDirectory
    /// What it is called.
    public let name: Label
    /// The keys that a verifier must know to import this station's births.
    public let birthKeys: SigningKeys
    let authority: StationAuthority?
    let signer: StatementSigner

    /// Why a station cannot be made or opened.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        case file(FileError)
        /// A file is there and is not what it should be; names it and what to do.
        case damaged(path: String, String)
        case authority(AuthorityFailure)
        case message(MessageError)

        /// One sentence for people.
        public var description: String {
            switch self {
            case .file(let error): error.description
            case .damaged(let path, let detail): "\(path): \(detail)"
            case .authority(let error): error.description
            case .message(let error): error.description
            }
        }
    }

    private static let maximumKeyFile = 16 << 10

    /// Makes a station, or finishes making one that was interrupted; keys that are there stay.
    ///
    /// - Parameters:
    ///   - date: seconds since 1970 from which the CA is valid.
    ///   - choice: who certifies its devices.
    ///   - passphrase: what its own CA's key files are encrypted with; nil for not at all.
    /// - Returns: the station, and whether anything had to be made.
    public static func make(
        in directory: FactoryDirectory,
        name: Label,
        at date: Int64,
        certifiedBy choice: AuthorityChoice = .own(),
        passphrase: Passphrase? = nil
    ) throws(Failure) -> (station: Station, made: Bool) {
        var made = false
        for path in directory.directories { try run { () throws(FileError) in try PrivateDirectory.make(path) } }

        let config = try read(directory.config, limit: FactoryConfig.maximumSize)
        if let config {
            let written = try parse(directory.config) { () throws(MessageError) in try FactoryConfig(parsing: config) }
            guard written.name == name else {
                throw .damaged(
                    path: directory.config,
                    "this station is called \(written.name); choose another directory for \(name)"
                )
            }
        }
        let stationKey = try key(directory.stationKey, made: &made)
        if try StationAuthority.make(choice, in: directory, station: name, passphrase: passphrase, at: date) {
            made = true
        }
        if try read(directory.birthKeys, limit: SigningKeys.maximumSize) == nil {
            let keys = try parse(directory.birthKeys) { () throws(MessageError) in
                try SigningKeys(threshold: 1, keys: [StatementKey(stationKey.publicKey)])
            }
            let bytes = try parse(directory.birthKeys) { () throws(MessageError) in try EditedJSON.encode(keys) }
            try write(bytes, to: directory.birthKeys, mode: 0o644)
            made = true
        }
        // The configuration comes last: with it the station is whole.
        if config == nil {
            let bytes = try parse(directory.config) { () throws(MessageError) in
                try EditedJSON.encode(FactoryConfig(name: name))
            }
            try write(bytes, to: directory.config, mode: 0o644)
            made = true
        }
        return (try Station(opening: directory, passphrase: passphrase), made)
    }

    /// Opens a station that ``make(in:name:at:certifiedBy:passphrase:)`` made.
    ///
    /// - Parameters:
    ///   - passphrase: what its own CA's key files are encrypted with.
    ///   - certifying: whether it is to give birth; to export births no CA is needed.
    public init(
        opening directory: FactoryDirectory,
        passphrase: Passphrase? = nil,
        certifying: Bool = true
    ) throws(Failure) {
        guard let config = try Self.read(directory.config, limit: FactoryConfig.maximumSize) else {
            throw .damaged(
                path: directory.path,
                "holds no station; make one with `birthmark-factory init \(directory.path) --name …`"
            )
        }
        for path in directory.directories { try Self.run { () throws(FileError) in try PrivateDirectory.make(path) } }
        name = try Self.parse(directory.config) { () throws(MessageError) in try FactoryConfig(parsing: config) }.name
        self.directory = directory

        let stationKey = try Self.existingKey(directory.stationKey)
        signer = .p256(stationKey)
        authority = certifying ? try StationAuthority.open(directory, passphrase: passphrase) : nil

        guard let keys = try Self.read(directory.birthKeys, limit: SigningKeys.maximumSize) else {
            throw .damaged(path: directory.birthKeys, "is missing; run `birthmark-factory init` again")
        }
        birthKeys = try Self.parse(directory.birthKeys) { () throws(MessageError) in try SigningKeys(parsing: keys) }
        guard birthKeys.keys.contains(StatementKey(stationKey.publicKey)) else {
            throw .damaged(
                path: directory.stationKey,
                "is not the key in \(directory.birthKeys); restore both from the same backup"
            )
        }
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
        guard let bytes = try read(path, limit: maximumKeyFile) else {
            throw .damaged(path: path, "the key is missing; restore it from a backup")
        }
        guard let text = String(validating: bytes, as: UTF8.self),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: text)
        else { throw .damaged(path: path, "is not a P-256 private key in PEM; restore it from a backup") }
        return key
    }

    /// The file's bytes; nil when it does not exist.
    private static func read(_ path: String, limit: Int) throws(Failure) -> [UInt8]? {
        do throws(FileError) {
            return try BoundedFile.read(path, limit: limit)
        } catch {
            guard error.code == .missing else { throw .file(error) }
            return nil
        }
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
