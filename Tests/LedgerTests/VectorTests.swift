import Ledger
import Testing

/// The vectors of UPDATE.md section 3, computed by an independent program.
@Suite struct VectorTests {
    @Test(arguments: [
        (0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        (1, "QHZrIDNCkCb1PVRQJnmoOXBrR0H43K86i7pfQbX/4HU="),
        (2, "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk="),
        (3, "pkvybgkSj2/i/m+LLYyAHhZrV8BHp82bK4Ceepai8cs="),
        (5, "GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw="),
    ])
    func roots(size: Int, root: String) throws {
        let log = try Vectors.log()
        #expect(try MerkleTree(size: size).root(node: log.node).base64 == root)
        #expect(try Vectors.log(size: size).frontier.root.base64 == root)
    }

    @Test func inclusion() throws {
        let expected = try Vectors.hashes(
            "J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc= LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk= "
                + "GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc="
        )
        let log = try Vectors.log()
        #expect(try MerkleTree(size: 5).inclusionPath(of: 2, node: log.node) == expected)
        let proof = InclusionProof(index: 2, size: 5, path: expected)
        #expect(proof.verifies(leaf: try Vectors.entries()[2].leafHash, root: log.frontier.root))
    }

    @Test func consistency() throws {
        let expected = try Vectors.hashes(
            "BJ19zbVrz+vTEzBMmDnxlqPUtu873AsIKY+TrIGR8Kg= J0ebarMh0u5HdFL2i6UndI6GPK/o+9HfK/idFXDRtpc= "
                + "LyelCCwdQq+kiKw1Cp/EOQwIT1T3Hs3/hZ6Y24QptHk= GUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc="
        )
        let log = try Vectors.log()
        #expect(try MerkleTree(size: 5).consistencyPath(from: 3, node: log.node) == expected)
        let proof = ConsistencyProof(oldSize: 3, newSize: 5, path: expected)
        #expect(proof.verifies(oldRoot: try Vectors.log(size: 3).frontier.root, newRoot: log.frontier.root))
    }

    @Test func verifierKeys() throws {
        #expect(try Vectors.logSigner().verifierKey.text == Vectors.vkey)
        #expect(try Vectors.witness().verifierKey.text == Vectors.witnessVkey)
        #expect(try VerifierKey(parsing: Vectors.vkey).text == Vectors.vkey)
        #expect(try VerifierKey(parsing: Vectors.witnessVkey).kind == .witness)
    }

    @Test func checkpointAndCosignature() throws {
        let expected = """
            ledger.example/update-provenance/v1
            5
            GqaNMHSQWlgfhMu9D3U3lJBP2ARRvEwT5p2aU7xZUCw=

            — ledger.example/update-provenance/v1 \
            rkPko0baDmityqev+lYJxk3uEGcDrbUbzoq+WiRIy/k2/EUypr3DnEOMSg+mGwZPE0QYFNlnvAvgBpXo66hgCq05HQU=
            — witness.example/w1 \
            hbneIgAAAABqsTuAcpmlQCjhmZJbv7FWnpsW115PtIiQp5OBeBnFMp2UarUdED/BMjM+l/4PeJHoA66/1IpXLU0jYOkN8Hbk/VfNDA==

            """
        let log = try Vectors.log()
        var signed = try Vectors.logSigner().sign(size: 5, root: log.frontier.root)
        let verified = try signed.verify(logKey: VerifierKey(parsing: Vectors.vkey)).get()
        try signed.add(try Vectors.witness().cosign(verified, time: Vectors.witnessTime))
        #expect(signed.bytes == Array(expected.utf8))

        let witness = try VerifierKey(parsing: Vectors.witnessVkey)
        let received = try SignedCheckpoint(parsing: Array(expected.utf8))
        let judged = try received.verify(
            logKey: VerifierKey(parsing: Vectors.vkey),
            witnesses: [witness],
            quorum: 1
        ).get()
        #expect(judged.checkpoint.size == 5)
        #expect(judged.cosignatures == [witness: Vectors.witnessTime])
        #expect(received.bytes == Array(expected.utf8))
    }

    @Test func entryBundle() throws {
        let hex = "0007656e7472792d300007656e7472792d310007656e7472792d320007656e7472792d330007656e7472792d34"
        let bundle = EntryBundle.encode(try Vectors.entries())
        #expect(bundle.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() == hex)
        let path = try TilePath(parsing: "tile/entries/000.p/5")
        #expect(try EntryBundle.parse(bundle, width: path.width) == Vectors.entries())
        #expect(path.nodes.indices == 0..<5)
    }

    @Test func proofFile() throws {
        let log = try Vectors.log()
        let signed = try Vectors.logSigner().sign(size: 5, root: log.frontier.root)
        let path = try #require(try MerkleTree(size: 5).inclusionPath(of: 2, node: log.node))
        let proof = LogProof(index: 2, path: path, checkpoint: signed)
        let expected =
            "c2sp.org/tlog-proof@v1\nindex 2\n" + path.map { $0.base64 + "\n" }.joined() + "\n"
            + String(decoding: signed.bytes, as: UTF8.self)
        #expect(proof.bytes == Array(expected.utf8))
        let parsed = try LogProof(parsing: proof.bytes)
        #expect(parsed == proof)
        let key = try VerifierKey(parsing: Vectors.vkey)
        #expect(try parsed.verify(entry: Vectors.entries()[2], logKey: key).get().checkpoint.size == 5)
        #expect(
            parsed.verify(entry: try Vectors.entries()[3], logKey: key) == .failure(.notIncluded(index: 2, size: 5))
        )
    }
}
