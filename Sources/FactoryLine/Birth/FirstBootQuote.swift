import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// The boot that runs while a device is born.
extension TPMConnection {
    /// PCRs move while a system starts; each attempt reads them anew.
    private static let attempts = 3

    /// Quotes the PCRs and returns them with the quote, which is checked as a verifier would check it.
    func firstBoot(
        _ born: BirthJournal.Enrolled,
        with key: borrowing PersistentObject,
        selection: PCRSet,
        log: ContentDigest?
    ) throws -> FirstBoot {
        let qualifyingData = FirstBoot.qualifyingData(ekName: born.ek.name.bytes, iakName: born.iak.name.bytes)
        let wanted = try selection.forTPM()
        for _ in 0..<Self.attempts {
            let read = try pcrRead(wanted).banks[selection.bank.algorithm] ?? [:]
            guard let values = Messages.PCRValues(bank: selection.bank, values: read),
                read.keys.sorted() == selection.pcrs
            else {
                throw BirthInterruption.bankMissing(selection.bank)
            }
            let quote = try quote(wanted, with: key, qualifyingData: qualifyingData)
            let boot = FirstBoot(
                pcrs: values,
                attest: Blob(quote.attest),
                signature: Blob(quote.signature),
                log: log
            )
            if try boot.isQuote(by: born.iak, of: selection, qualifyingData: qualifyingData) { return boot }
        }
        throw BirthInterruption.unsettled
    }
}

extension FirstBoot {
    /// Whether the quote is what it says: by this key, over these values, in answer to nothing else.
    func isQuote(by key: BornKey, of selection: PCRSet, qualifyingData: [UInt8]) throws -> Bool {
        guard let attest = try? TPMSAttest(parsing: attest.bytes), let quote = attest.quote,
            let area = try? TPMTPublic(parsing: key.publicArea.bytes),
            let verifying = try? VerifyingKey(area), let hash = verifying.scheme?.hash,
            let signature = try? TPMTSignature(parsing: signature.bytes),
            case .valid = verifying.verify(signature, over: self.attest.bytes)
        else { return false }
        let values = selection.pcrs.flatMap { pcrs[$0] ?? [] }
        let wanted = try selection.forTPM().canonical
        return attest.extraData == qualifyingData && attest.qualifiedSigner.contents == key.qualifiedName.bytes
            && quote.pcrSelect.canonical == wanted && quote.pcrDigest == hash.digest(values)
    }
}

extension PCRSet {
    func forTPM() throws(MessageError) -> TPMLPCRSelection {
        guard let selection = TPMSPCRSelection(bank: bank.algorithm, pcrs: Set(pcrs)) else {
            throw MessageError(.outOfRange, "a PCR that no TPM has")
        }
        return TPMLPCRSelection(selection)
    }
}

extension PCRBank {
    var algorithm: AlgorithmID {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}

extension Birth {
    func quoteFirstBoot(
        _ enrolled: BirthJournal.Enrolled,
        with key: borrowing PersistentObject,
        _ connection: TPMConnection
    ) throws -> FirstBoot {
        guard let eventLog else {
            return try connection.firstBoot(enrolled, with: key, selection: profile.selection, log: nil)
        }
        let boot = try connection.firstBoot(
            enrolled,
            with: key,
            selection: profile.selection,
            log: ContentDigest(of: eventLog)
        )
        try EventLogCheck.check(eventLog, leadsTo: boot.pcrs)
        return boot
    }

    func keepLog() throws {
        guard let eventLog else { return }
        _ = try files.keep(log: eventLog)
    }
}
