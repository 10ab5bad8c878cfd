public import Messages

/// The authorization values of one TPM's hierarchies.
///
/// A station has them in its journal, mode 0600, from before the TPM gets them until the birth is signed; afterwards they
/// are in the escrow alone.
public struct AuthorizationValues: Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// Of the storage hierarchy; absent when it was left as it is.
    public var owner: HexBytes?
    /// Of the endorsement hierarchy.
    public var endorsement: HexBytes?
    /// Of the lockout: TPM2_Clear, the parameters against guessing, and the end of a lockout.
    public var lockout: HexBytes?

    /// The size of SHA-256's digest, which every TPM takes (Part 1, section 16.3).
    static let size = 32
    /// The most bytes of a file.
    public static let maximumSize = 4 << 10

    /// Draws a value for each hierarchy.
    init(for hierarchies: [OwnedHierarchy]) {
        var generator = SystemRandomNumberGenerator()
        func value(_ hierarchy: OwnedHierarchy) -> HexBytes? {
            guard hierarchies.contains(hierarchy) else { return nil }
            return HexBytes((0..<Self.size).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
        }
        formatVersion = 1
        owner = value(.owner)
        endorsement = value(.endorsement)
        lockout = value(.lockout)
    }

    /// Reads what ``CanonicalJSON`` wrote.
    init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(AuthorizationValues.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    /// Reads the file that `birthmark-factory escrow open` wrote.
    public init(edited bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(AuthorizationValues.self, from: bytes, limit: Self.maximumSize)
        try check()
    }

    private func check() throws(MessageError) {
        guard formatVersion == 1, OwnedHierarchy.allCases.allSatisfy({ (self[$0]?.count ?? Self.size) == Self.size })
        else {
            throw MessageError(.outOfRange, "not the authorization values of format 1")
        }
    }

    subscript(_ hierarchy: OwnedHierarchy) -> [UInt8]? {
        switch hierarchy {
        case .owner: owner?.bytes
        case .endorsement: endorsement?.bytes
        case .lockout: lockout?.bytes
        }
    }

    /// The hierarchies that have one.
    var hierarchies: [OwnedHierarchy] { OwnedHierarchy.allCases.filter { self[$0] != nil } }
}

extension AuthorizationValues: CustomStringConvertible, CustomReflectable {
    /// Says which there are, and none of them.
    public var description: String { "authorization values of \(hierarchies.map(\.rawValue).joined(separator: ", "))" }

    /// Nothing, so that no dump of a value shows them.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
