/// One life of a TPM, as a factory's files know it: its endorsement key stays, and everything else is new.
public enum TPMLife {
    /// Under what a life is written down: in the first one the endorsement key's digest itself.
    /// - Parameters:
    ///   - endorsementKey: SHA-256 of its TPMT_PUBLIC.
    ///   - former: the instance that the TPM was before.
    public static func digest(_ endorsementKey: ContentDigest, following former: InstanceID?) -> ContentDigest {
        guard let former else { return endorsementKey }
        return ContentDigest(of: Array("birthmark life v1\0".utf8) + endorsementKey.bytes + former.bytes)
    }
}
