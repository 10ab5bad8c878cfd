public import Messages

/// Where the key of an instance without a TPM stands: it moves on with each contact, so that of two copies only one can go on.
public struct Ratchet: Hashable, Sendable, Codable {
    /// How many keys were committed before the current one.
    public let position: Int64
    /// The key that the instance has to sign with.
    public let key: SoftwareKey
    /// The one before: good only for asking again what was answered, with the same next key; `nil` before the first contact.
    public let previous: SoftwareKey?

    /// Where it stands at birth, or when it begins anew behind all keys that were committed before.
    public init(first key: SoftwareKey, at position: Int64 = 0) {
        self.position = position
        self.key = key
        previous = nil
    }

    private init(position: Int64, key: SoftwareKey, previous: SoftwareKey) {
        self.position = position
        self.key = key
        self.previous = previous
    }

    /// Where it stands once this key is committed.
    public func committing(_ next: SoftwareKey) -> Ratchet {
        Ratchet(position: position &+ 1, key: next, previous: key)
    }

    /// Where it stands once the line that a copy has presented goes on in its place.
    ///
    /// The position rises further: of what was committed nothing is taken back.
    public func taking(_ fork: Fork) -> Ratchet {
        Ratchet(position: position &+ 1, key: fork.next, previous: fork.key)
    }
}

/// A copy has spoken: a key that was committed and left behind has signed, with another next key than the one that took its place.
public struct Fork: Hashable, Sendable, Codable {
    /// The key that signed.
    public let key: SoftwareKey
    /// Its position.
    public let position: Int64
    /// The key that it would have committed.
    public let next: SoftwareKey
    /// How far the other copy was.
    public let committed: Int64

    /// States what was presented.
    public init(key: SoftwareKey, position: Int64, next: SoftwareKey, committed: Int64) {
        self.key = key
        self.position = position
        self.next = next
        self.committed = committed
    }
}
