import Ledger
import Messages
import Wording

extension AuditCheck {
    static let inclusion = AuditCheck(says: "every entry stands where it says under the signed checkpoint") {
        record,
        anchors in
        let verified = record.bundle.checkpoint.verify(
            logKeys: anchors.ledgerKeys,
            witnesses: anchors.witnesses,
            quorum: anchors.quorum
        )
        let checkpoint: Checkpoint
        switch verified {
        case .success(let verified): checkpoint = verified.checkpoint
        case .failure(let refusal): return [AuditFinding("the checkpoint", refusal.description)]
        }
        return record.bundle.entries.compactMap { audited in
            let path = audited.path.compactMap { TreeHash($0.bytes) }
            guard path.count == audited.path.count, audited.index < checkpoint.size,
                InclusionProof(index: audited.index, size: checkpoint.size, path: path)
                    .verifies(leaf: .leaf(audited.bytes.bytes), root: checkpoint.root)
            else {
                return AuditFinding(
                    "entry \(audited.index)",
                    "is not on the ledger of \(Counted.of(checkpoint.size, "entry", "entries"))"
                )
            }
            return nil
        }
    }
}
