import CommandLineContract
import FactoryLine
import Messages

extension EnrolCommand {
    private struct Report: Encodable {
        var verdict: String
        var instance: InstanceID
        var serial: Label
        var bornAt: Int64
        var keyOrigin: CompensatedBirthRecord.KeyOrigin
        var record: String
        /// Where the identity for the device is; absent when the device made its key, or has taken it over.
        var identity: String?
    }

    func finish(_ outcome: CompensatedOutcome, _ station: Station, identity: String? = nil) throws {
        switch outcome {
        case .born(let record): try report("born", record, station, identity)
        case .alreadyBorn(let record): try report("already-born", record, station, identity)
        case .serialTaken:
            throw refusal(
                "another device has the serial number",
                "serial-taken",
                "read the label again; a board is swapped by rework"
            )
        case .retired:
            throw refusal(
                "its key was retired by a rework, and speaks for nobody again",
                "retired",
                identity == nil
                    ? "have the device make another: birthmark-device enrol with an empty --state"
                    : "name another file with --inject; this one has the retired key"
            )
        case .orderDiffers(let parts):
            throw refusal(
                "it was born otherwise: \(parts.joined(separator: ", "))",
                "order-differs",
                "give the same order as then, or another serial number"
            )
        case .claimsMissing(let names):
            throw refusal(
                "the device does not say \(names.map(\.text).joined(separator: ", "))",
                "claims-missing",
                identity == nil ? "run birthmark-device enrol on it with --claim for each" : "give --claim for each"
            )
        }
    }

    func refusal(_ why: String, _ code: String, _ hint: String) -> CommandFailure {
        CommandFailure(.refused, "\(serial) is not born: \(why)", hint: hint, reasons: [code])
    }

    func report(
        _ verdict: String,
        _ record: CompensatedBirthRecord,
        _ station: Station,
        _ identity: String? = nil
    ) throws {
        let file = station.birthFile(of: serial)
        if let out {
            let bytes = try InputFile.read(file, limit: SignedEnvelope.maximumSize, what: "the signed birth")
            try OutputFile.write(bytes, to: out, mode: 0o644)
        }
        let report = Report(
            verdict: verdict,
            instance: record.instance,
            serial: record.serial,
            bornAt: record.bornAt,
            keyOrigin: record.keyOrigin,
            record: file,
            identity: identity
        )
        try output.print(report) {
            """
            \(record.serial) \(verdict == "born" ? "is born, without a TPM" : "was born already, nothing changed")
            instance \(record.instance), first key \(record.key.thumbprint)
            \(out.map { "for the device: \($0)" } ?? "signed birth: \(file)")
            """ + identityText(record, identity)
        }
    }

    private func identityText(_ record: CompensatedBirthRecord, _ identity: String?) -> String {
        guard record.keyOrigin == .station else { return "" }
        guard let identity else {
            return "\nits identity is not here: the device has taken it over, or nobody can any more"
        }
        return "\nidentity: \(identity), for birthmark-device enrol --injected on the device and nobody else"
    }
}
