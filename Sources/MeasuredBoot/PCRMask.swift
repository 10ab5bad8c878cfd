/// A set of PCRs out of 0 to 23.
public struct PCRMask: Hashable, Sendable, ExpressibleByArrayLiteral {
    private var bits: UInt32 = 0

    /// No PCR.
    init() {}

    /// The PCRs given; others than 0 to 23 do not exist and are left out.
    public init(_ pcrs: some Sequence<Int>) {
        for pcr in pcrs { insert(pcr) }
    }

    public init(arrayLiteral pcrs: Int...) {
        self.init(pcrs)
    }

    public func contains(_ pcr: Int) -> Bool {
        EventLogBounds.pcrs.contains(pcr) && bits & 1 << UInt32(pcr) != 0
    }

    mutating func insert(_ pcr: Int) {
        if EventLogBounds.pcrs.contains(pcr) { bits |= 1 << UInt32(pcr) }
    }

    func subtracting(_ other: PCRMask) -> PCRMask {
        var rest = self
        rest.bits &= ~other.bits
        return rest
    }
}
