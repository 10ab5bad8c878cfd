import CommandLineContract
import Endorsement
import FactoryLine
import Messages
import SwiftASN1

/// `inspect --csr`: which published form of a certification request this is, beside the one that the profile states.
enum InspectRequest {
    static func run(
        _ path: String,
        signature: String?,
        profile: ProvisioningProfile,
        output: OutputOptions
    ) throws {
        let bytes = try InputFile.read(path, limit: IDevIDRequest.maximumSize, what: "the certification request")
        let signature = try signature.map { path throws(CommandFailure) in
            try InputFile.read(path, limit: 4096, what: "the request's signature")
        }
        let diagnosis = CSRDiagnosis(of: unwrapped(bytes), signature: signature, asked: profile.csr ?? .own)
        try output.print(diagnosis) { text(diagnosis, profile.name) }
        if !diagnosis.problems.isEmpty { throw ExitStatus.refused.code }
    }

    private static func unwrapped(_ bytes: [UInt8]) -> [UInt8] {
        guard let text = String(validating: bytes, as: UTF8.self), text.hasPrefix("-----BEGIN "),
            let document = try? PEMDocument(pemString: text)
        else { return bytes }
        return document.derBytes
    }

    private static func text(_ diagnosis: CSRDiagnosis, _ profile: Label) -> String {
        var lines = [
            "request         \(diagnosis.kind)", "profile         \(profile) states \(words(diagnosis.asked))",
        ]
        lines += diagnosis.forms.map { "reads as        \(words($0))" }
        if diagnosis.forms.isEmpty { lines.append("reads as        no published form that holds") }
        lines += diagnosis.problems.map { "in the way      \($0)" }
        if !diagnosis.problems.isEmpty, diagnosis.forms.count == 1 {
            lines.append("to take it      state that form as \"csr\" in the profile")
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ form: CSRForm) -> String {
        [
            "envelope \(form.envelope.rawValue)", "contentHash \(form.contentHash.rawValue)",
            "publicAreas \(form.publicAreas.rawValue)", "statements \(form.statements.rawValue)",
            "signature \(form.signature.rawValue)", "certification \(form.certification.rawValue)",
        ].joined(separator: ", ")
    }
}
