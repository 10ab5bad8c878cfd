import Audit
import Ledger
import Messages
import ParserProperties

/// Texts of the one log that the fixed key has signed, and its tiles.
enum LedgerSeeds {
    static func all() throws -> [String: [String: [UInt8]]] {
        guard let signer = FixedLog.signer, let checkpoint = FixedLog.checkpoint, let path = FixedLog.path,
            let continuation = FixedLog.continuation, let last = FixedLog.entries.indices.last
        else { return [:] }
        let plain = try signer.sign(size: checkpoint.size, root: checkpoint.root)
        var cosigned = plain
        let witness = try WitnessSigner(name: "witness.example", privateKey: FixedKeys.log)
        if case .success(let verified) = plain.verify(logKey: signer.verifierKey) {
            try cosigned.add(witness.cosign(verified, time: 1))
        }
        let width = UInt8(last)
        return [
            "checkpoint": ["signed": plain.bytes, "cosigned": cosigned.bytes],
            "ledger-proof": ["last-entry": LogProof(index: last, path: path, checkpoint: cosigned).bytes],
            "add-checkpoint": [
                "first": AddCheckpoint(oldSize: 0, path: [], checkpoint: plain).bytes,
                "continued": AddCheckpoint(oldSize: 3, path: continuation, checkpoint: cosigned).bytes,
            ],
            "audit-bundle": ["span": try bundle(plain, path)],
            "ledger-tile": [
                "hashes": [width] + HashTile.encode(FixedLog.entries.map(\.leafHash)),
                "entries": [width] + EntryBundle.encode(FixedLog.entries),
            ],
            "ledger-address": [
                "full": Array(try TilePath(.hashes(level: 1), index: 1_234_067).text.utf8),
                "partial": Array(try TilePath(.entries, index: 5, width: 17).text.utf8),
                "log-key": Array(signer.verifierKey.text.utf8), "witness-key": Array(witness.verifierKey.text.utf8),
            ],
        ]
    }

    /// A bundle with one of each member; what its entries mean is nothing that its reader asks.
    private static func bundle(_ checkpoint: SignedCheckpoint, _ path: [TreeHash]) throws -> [UInt8] {
        var documents = AuditDocuments()
        let signer = StatementSigner.ed25519(FixedKeys.log)
        let types = [BirthRecord.payloadType, Restoration.payloadType, Release.payloadType]
        let envelopes = try types.map { type in
            try SignedEnvelope(payload: Array("{}".utf8), payloadType: type, signers: [signer])
        }
        documents.births = [envelopes[0]]
        documents.restorations = [envelopes[1]]
        documents.releases = [envelopes[2]]
        documents.policies = [Array("{}".utf8)]
        documents.grants = ["e30.e30.AA"]
        documents.acts =
            ActSeeds.signed("/v1/approvals").map {
                [SignedAct($0, certificate: [0x30, 0x00], body: [1, 2, 3])]
            } ?? []
        let last = FixedLog.entries.count - 1
        let hashes = path.map { Blob($0.bytes) }
        let bundle = AuditBundle(
            subject: .entries(last..<last + 1),
            checkpoint: checkpoint,
            entries: [AuditedEntry(index: last, bytes: FixedLog.entries[last].bytes, path: hashes)],
            documents: documents
        )
        var bytes: [UInt8] = []
        try bundle.write { bytes += $0 }
        return bytes
    }
}
