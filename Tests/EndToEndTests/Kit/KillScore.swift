import MachineFaults
import Messages
import Testing
import UpdateTrust

extension KillScore {
    /// Says it, and fails the test when it is not good.
    func expectGood(_ what: String) {
        let row = report(what)
        #expect(isGood, "\(row)")
    }
}

extension Sensor {
    /// Holds the ledger to what one device can have done: each decision commits the next key, or repeats the last one.
    ///
    /// The ledger is that of this device alone, and of what has a TPM.
    /// - Parameter receipts: how many updates it has confirmed.
    func expectOneChain(receipts: Int64) async throws -> Bool {
        let copy = try await LedgerCopy(sensors.trust)
        var (position, key): (Int64, ContentDigest?) = (0, nil)
        var (isOne, repeated, found): (Bool, Int, Int64) = (true, 0, 0)
        for entry in try copy.statements() {
            switch entry.body {
            case .compensated(let decision):
                let isRepeated = decision.repeated == true
                repeated += isRepeated ? 1 : 0
                isOne = isOne && decision.fork == nil && decision.position == position + (isRepeated ? 0 : 1)
                isOne = isOne && (key == decision.key) == isRepeated
                (position, key) = (decision.position, decision.key)
            case .receipt: found += 1
            default: break
            }
        }
        #expect(isOne && found == receipts, "\(found) receipts of \(receipts), \(repeated) repeated")
        for grant in grants { try copy.expectHolds(grantAt: grant) }
        return isOne && found == receipts
    }
}
