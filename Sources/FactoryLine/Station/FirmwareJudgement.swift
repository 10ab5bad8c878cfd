import DurableFiles
public import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMWire

extension Station {
    /// The station's list of known-bad TPM firmware; nil when it keeps none.
    ///
    /// Read anew each time, since advisories come out while a line runs.
    func advisories() throws -> TPMAdvisories? { try TPMAdvisories.read(directory.advisories) }

    /// Puts a list of known-bad TPM firmware into the station's directory, in the place of the one that is there.
    public func keep(advisories: TPMAdvisories) throws {
        try AtomicFile.write(try EditedJSON.encode(advisories), to: directory.advisories, mode: 0o644)
    }
}

extension TPMAdvisories {
    /// Reads a list; nil when there is no such file.
    ///
    /// - Throws: when it cannot be read, or is no such list: half a list would let bad firmware pass.
    public static func read(_ path: String) throws -> TPMAdvisories? {
        guard let bytes = try BoundedFile.readIfThere(path, limit: maximumSize) else { return nil }
        let list: TPMAdvisories
        do {
            list = try EditedJSON.decode(TPMAdvisories.self, from: bytes, limit: maximumSize)
        } catch {
            throw Station.Failure.damaged(path: path, error.detail)
        }
        if let fault = list.fault { throw Station.Failure.damaged(path: path, fault) }
        return list
    }

    /// What the list says of a TPM and of the keys that a profile makes in it.
    func judge(_ tpm: Messages.TPMIdentity, profile: ProvisioningProfile) throws(MessageError) -> [TPMAdvisoryFinding] {
        judge(
            manufacturer: tpm.manufacturer,
            firmware: tpm.firmwareVersion,
            keys: try profile.keyKinds,
            waived: profile.waivers.advisories
        )
    }
}

extension ProvisioningProfile {
    /// The advisories that are let pass, with their reasons.
    var waivers: [AdvisoryWaiver] { waivedAdvisories ?? [] }

    /// Which of a TPM's keys are known to be weak, whatever firmware it runs now.
    func weaknesses(of keys: KeyValuePairs<String, TPMTPublic>) -> [TPMAdvisoryFinding] {
        TPMAdvisoryFinding.weaknesses(of: keys, waived: waivers.advisories)
    }

    /// The same of the identity's keys, refusing what is not let pass.
    func judge(iak: TPMTPublic, idevid: TPMTPublic) throws -> [TPMAdvisoryFinding] {
        try weaknesses(of: ["attestation key": iak, "identity key": idevid]).refusing()
    }

    /// The kinds of key that are used: the endorsement key's and that of IAK and IDevID.
    var keyKinds: Set<TPMAdvisory.KeyKind> {
        get throws(MessageError) {
            [try endorsementTemplate == .rsa2048 ? .rsa : .ecc, try identityTemplate == .rsa2048 ? .rsa : .ecc]
        }
    }
}
