import Crypto
import FoundationEssentials
import Ledger
import Messages
import TemporaryDirectories
import UpdateTrust
import VerifierStore

extension TemporaryDirectory {
    var database: String { path + "/verifier.sqlite" }
}

struct Missing: Error {}

extension Optional {
    func found() throws -> Wrapped {
        guard let self else { throw Missing() }
        return self
    }
}

/// Records that keep their own rules and hold no real keys: a store looks at names and bytes, not at signatures.
enum Fixture {
    static let now: Int64 = 1_800_000_000

    static func label(_ text: String) throws -> Label { try Label(text).found() }

    static func record(
        _ number: Int,
        serial: String? = nil,
        endorsementKey: Int? = nil,
        bornAt: Int64 = now
    ) throws -> BirthRecord {
        func key(_ kind: UInt8, _ number: Int) throws -> BornKey {
            let area = [kind] + Array(String(number).utf8)
            let name = [0x00, 0x0B] + ContentDigest(of: area).bytes
            return BornKey(
                template: try label("H-2"),
                handle: 0x8102_0001,
                publicArea: Blob(area),
                name: HexBytes(name),
                qualifiedName: HexBytes(name),
                certificate: nil
            )
        }
        let selection = try PCRSet(bank: .sha256, pcrs: [0, 1]).found()
        let pcrs = try PCRValues(
            bank: .sha256,
            values: [0: ContentDigest(of: [0]).bytes, 1: ContentDigest(of: [1]).bytes]
        ).found()
        let empty = Blob([])
        return BirthRecord(
            serial: try label(serial ?? "SN-\(number)"),
            model: try label("m1"),
            hardwareRevision: try label("r1"),
            environment: try label("lab"),
            tier: .vtpm,
            profile: try label("p256"),
            bornAt: bornAt,
            station: try label("line-1"),
            bornWith: BornWith(name: try label("os"), version: try label("1.0"), securityVersion: 1),
            ek: try key(1, endorsementKey ?? number),
            iak: try key(2, number),
            idevid: try key(3, number),
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: empty,
                iakCreation: empty,
                iakSignature: empty,
                idevidCreation: empty,
                idevidSignature: empty
            ),
            counters: BornCounters(
                securityFloor: BornCounter(index: 1, base: 10),
                grants: BornCounter(index: 2, base: 20)
            ),
            tpm: TPMIdentity(manufacturer: "TEST", vendor: "test", firmwareVersion: 1),
            selection: selection,
            firstBoot: FirstBoot(pcrs: pcrs, attest: empty, signature: empty, log: nil)
        )
    }

    static func birth(_ record: BirthRecord, log: [UInt8]? = nil) throws -> BirthImport {
        let payload = try CanonicalJSON.encode(record)
        return BirthImport(
            birth: StoredBirth(envelope: [0x7B] + payload, payload: payload, importedAt: now),
            record: ContentDigest(of: payload),
            serial: record.serial,
            endorsementKey: record.ek.name.bytes,
            transition: try .birth(
                of: record,
                payload: ContentDigest(of: payload),
                at: now,
                by: try label("test")
            ),
            log: log.map { StoredLog($0) }
        )
    }

    static func act(_ kind: OperatorAct.Kind, on state: InstanceState) throws -> Transition {
        let act = OperatorAct(kind, by: try label("alice"), reason: try Remark("because").found())
        guard case .applied(let transition) = try act.apply(to: state, at: now) else { throw Missing() }
        return transition
    }

    static func release(_ number: Int) throws -> StoredRelease {
        let payload = Array("release \(number)".utf8)
        return StoredRelease(
            manifest: ContentDigest(of: payload),
            envelope: [0x7B] + payload,
            payload: payload,
            addedAt: now + Int64(number),
            addedBy: try label("rita")
        )
    }

    static func entry(_ text: String, inPlaceOf replaced: String? = nil) throws -> WrittenEntry {
        try WrittenEntry(
            LedgerEntry(
                at: now,
                actor: Actor(.operator, try label("rita")),
                body: .policy(
                    PolicyEntry(
                        policy: ContentDigest(of: Array(text.utf8)),
                        replaces: replaced.map { ContentDigest(of: Array($0.utf8)) }
                    )
                )
            )
        )
    }

    static func policy(_ text: String, inPlaceOf replaced: String? = nil) throws -> StoreChange {
        .policy(StoredPolicy(Array(text.utf8)), entry: try entry(text, inPlaceOf: replaced))
    }
}

/// A ledger's key and the sealer that uses it.
struct LedgerKey {
    let signer: CheckpointSigner

    init() throws { signer = try CheckpointSigner(origin: "test.example/ledger", privateKey: .init()) }

    var sealer: LedgerSealer { LedgerSealer(signer) }
}
