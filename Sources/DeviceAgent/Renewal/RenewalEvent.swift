public import Messages

/// What a service that renews a lease has to tell, each time that something changed.
public struct RenewalEvent: Hashable, Sendable, Encodable {
    /// What happened.
    public enum Kind: String, Hashable, Sendable, Encodable {
        /// The lease was renewed.
        case renewed
        /// It was renewed by the receipt of an update.
        case confirmed
        /// Nothing could be decided.
        case undecided
        /// Somebody said no.
        case refused
        /// A file must be put right first; the service ends.
        case malformed
        /// Another command works on the state directory.
        case busy
        /// The lease's time ran out.
        case lapsed
        /// The service was told to end.
        case stopped
    }

    /// What happened.
    public var event: Kind
    /// When, in seconds since 1970.
    public var at: Int64
    /// The lease as it now is.
    public var lease: LeaseStatement?
    /// Whether it holds by the operating system's clock.
    public var leaseHolds: Bool
    /// Since when and why it is not renewed; absent when it is.
    public var trouble: RenewalTrouble?
    /// The package whose boot was confirmed.
    public var confirmed: PackageReference?
    /// Why the verifier did not confirm an installed update.
    public var unconfirmed: String?
    /// When the next attempt is due, in seconds since 1970; absent when there is none.
    public var next: Int64?

    init(_ event: Kind, at now: Int64, lease: LeaseStatement?, trouble: RenewalTrouble?) {
        self.event = event
        self.at = now
        self.lease = lease
        self.leaseHolds = lease.map { now < $0.expires } ?? false
        self.trouble = trouble
    }
}
