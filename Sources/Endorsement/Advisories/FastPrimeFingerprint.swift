import TPMCrypto
public import TPMWire

/// The fingerprint of RSA keys of Infineon's library RSALib (CVE-2017-15361; Nemec and others, "The Return of
/// Coppersmith's Attack", CCS 2017, section 3).
///
/// That library makes primes of the form k·M + (65537^a mod M), where M is the product of the first primes. So modulo each
/// of them both primes of a key, and with them its modulus, are powers of 65537. Of other keys one in 2^27 is so too.
/// The key stays what it is when the TPM's firmware is updated, so the firmware's version does not tell.
enum FastPrimeFingerprint {
    /// The odd primes that divide M for keys of any length.
    static let primes: [UInt] = (3...167).filter { number in !(2..<number).contains { number % $0 == 0 } }

    /// For each prime the powers of 65537.
    private static let powers = primes.map { prime in
        var powers: Set<UInt> = []
        var power: UInt = 1
        while powers.insert(power).inserted { power = power * (65537 % prime) % prime }
        return (prime, powers)
    }

    /// Whether a key has the fingerprint; a key that is not RSA has not.
    static func isOn(_ key: PublicKey) -> Bool {
        guard case .rsa(let modulus) = key.numbers else { return false }
        return isOn(modulus: modulus)
    }

    /// Whether a big-endian modulus has it.
    static func isOn(modulus: [UInt8]) -> Bool {
        powers.allSatisfy { prime, powers in
            powers.contains(modulus.reduce(0) { rest, byte in (rest << 8 | UInt(byte)) % prime })
        }
    }
}

extension TPMAdvisoryFinding {
    /// What is to be said of keys that can be factored from their public halves, whatever firmware runs now.
    ///
    /// - Parameters:
    ///   - keys: public areas by what the keys are, for people.
    ///   - waived: the advisories that are let pass.
    public static func weaknesses(
        of keys: KeyValuePairs<String, TPMTPublic>,
        waived: Set<String>
    ) -> [TPMAdvisoryFinding] {
        let advisory = TPMAdvisory.factorableKey
        return keys.compactMap { role, area in
            guard let key = try? PublicKey(area), FastPrimeFingerprint.isOn(key) else { return nil }
            return TPMAdvisoryFinding(advisory, waived.contains(advisory.id) ? .waived : .refused, key: role)
        }
    }
}

extension TPMAdvisory {
    /// The advisory behind the fingerprint, which no list needs to name.
    fileprivate static let factorableKey = TPMAdvisory(
        id: "CVE-2017-15361",
        name: "ROCA",
        manufacturer: "IFX",
        breaks: "it has the fingerprint of RSA keys that can be factored from their public halves",
        keys: [.rsa],
        firmware: [],
        verdict: .refuse,
        origin: "https://crocs.fi.muni.cz/public/papers/rsa_ccs17",
        taken: "2026-11-29"
    )
}
