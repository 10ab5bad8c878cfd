/// The steps of a birth in their order: each acts only where something is missing, and can be repeated.
public enum BirthStep: String, CaseIterable, Sendable {
    /// Read the endorsement key and its certificate.
    case readEndorsement = "read the endorsement key"
    /// Write down which TPM has which serial number.
    case claim = "claim the serial number"
    /// Activate a credential, make IAK and IDevID, have their creation certified.
    case proveResidency = "prove that the keys are in this TPM"
    /// Issue both certificates, and write them down before they go anywhere.
    case certify = "issue the certificates"
    /// Certificates into NV.
    case storeCertificates = "store the certificates"
    /// The two NV counters.
    case defineCounters = "define the counters"
    /// What an agent with an empty disk reads.
    case writeTag = "write the birth tag"
    /// The boot that runs now.
    case quoteFirstBoot = "quote the first boot"
    /// Keys and counters, from the TPM, against what is to be signed.
    case readBack = "read everything back"
    /// NV against later changes; then what stands there is read back, too.
    case lock = "lock certificates and tag"
    /// Authorization values and the parameters against guessing, when the profile has them: the last thing that the
    /// owner does.
    case setAuthorizations = "set the authorization values"
    /// The signature that makes it a birth.
    case sign = "sign the birth"
}
