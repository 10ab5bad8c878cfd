public import Messages

/// The one table from what an appraisal finds to what a relying party is told of it.
extension TrustworthinessVector {
    /// What accepted evidence says of an instance of a tier.
    ///
    /// | aspect | claim | because |
    /// |---|---|---|
    /// | instance-identity | 2 | the quote is signed by the key that was proven at birth to live beside an endorsed key |
    /// | configuration | 2, 32 or none | Secure Boot as the log proves it; nothing where no log speaks of it |
    /// | executables | 3 | the boot is one that this instance was granted; a boot quote cannot speak of what runs since |
    /// | | 32 | the boot is of a release that is known, and not the one that this instance should run |
    /// | hardware | 2 or none | only a hardware TPM has a vendor who vouches for hardware |
    /// | the others | none | nothing was looked at |
    public init(of state: AttestedState, tier: Tier) {
        self.init()
        switch tier {
        case .tpm:
            self[.instanceIdentity] = .affirmed
            self[.hardware] = .affirmed
        case .vtpm:
            // Who holds the state of a software TPM holds its key: the identity is known, the hardware is nobody's word.
            self[.instanceIdentity] = .affirmed
        case .compensated:
            // A key in software is a name that was kept so far, and never more than that.
            return
        }
        self[.executables] = state.boot.isOwn ? .approvedBoot : .unsafeExecutables
        switch state.facts?.secureBoot {
        case true?: self[.configuration] = .affirmed
        case false?: self[.configuration] = .weakConfiguration
        case nil: break
        }
    }

    /// What refused evidence says of an instance, when its own key signed it; what was not looked at is not spoken of.
    public init(of reasons: [ReasonCode]) {
        self.init()
        for reason in reasons {
            guard let (category, claim) = reason.finding else { continue }
            if self[category].tier < claim.tier { self[category] = claim }
        }
    }
}

extension ReasonCode {
    /// Whether an authentic refusal for this reason says something against the instance, which then loses its lease.
    ///
    /// A log or list that was not sent says nothing: the instance can answer better the next time.
    package var endsLease: Bool { finding != nil }

    /// Which aspect a refusal for this reason speaks of, and how; `nil` when it says nothing against the instance.
    var finding: (TrustworthinessVector.Category, TrustworthinessClaim)? {
        switch self {
        // A key that is not what was enrolled makes the rest nobody's word.
        case .keyParameters, .keyAttributes, .keyScheme, .keyPolicy: (.instanceIdentity, .contraindicated)
        case .signatureMalformed, .signatureScheme, .signatureInvalid, .attestMalformed, .notFromTPM, .notAQuote,
            .signerMismatch, .notThisRequest:
            (.instanceIdentity, .failedValidation)
        // The key speaks from another time, or out of another TPM, than the one that is known.
        case .clockWentBack, .tpmClearedOrReplaced: (.instanceIdentity, .contraindicated)
        case .firmwareChanged: (.hardware, .unrecognized)
        // What was booted is not shown, or is shown wrongly.
        case .selectionMismatch, .pcrDigestMismatch, .logMalformed, .logReplayMismatch, .logOrder, .imaMalformed,
            .imaReplayMismatch:
            (.executables, .failedValidation)
        case .bootUnexpected, .imaPolicy: (.executables, .contraindicated)
        // The instance can answer better the next time.
        case .logMissing, .imaMissing: nil
        }
    }
}
