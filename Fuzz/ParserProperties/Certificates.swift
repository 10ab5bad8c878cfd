import Endorsement
import Messages

extension ParserTarget {
    static let certificates = [
        ParserTarget("ek-certificate", longestInput: 4096) { (input) throws(BrokenProperty) in
            guard let read = try? EKCertificate(fromNV: input) else { return false }
            let der = read.certificate.bytes
            let start = input.starts(with: [0x10, 0x01]) ? 7 : 0
            try hold(input.dropFirst(start).starts(with: der), "a certificate is cut out of NV as it lies there")
            try hold(
                input.dropFirst(start + der.count).allSatisfy { $0 == 0x00 || $0 == 0xFF },
                "only padding stands behind a certificate"
            )
            try hold((try? EKCertificate(fromNV: input + [0x01])) == nil, "anything else behind it is refused")
            try hold(
                (try? EKCertificate(fromNV: input, allowing: read.workarounds)) == read,
                "no workaround was needed beyond those that are named"
            )
            for workaround in read.workarounds {
                let fewer = read.workarounds.subtracting([workaround])
                try hold(
                    (try? EKCertificate(fromNV: input, allowing: fewer)) == nil,
                    "the workaround \(workaround) is named because it was needed"
                )
            }
            let bare = try? ParsedCertificate(der: der, allowing: Workaround.all)
            try hold(bare == read.certificate, "a certificate is the same without its wrapping")
            try hold(
                (try? ParsedCertificate(der: der + [0x00], allowing: Workaround.all)) == nil,
                "a certificate with a byte behind it is refused"
            )
            try hold((try? ParsedCertificate(der: der.dropLast())) == nil, "a certificate cut short is refused")
            _ = (read.tpm?.manufacturerText, read.certificate.subject.description)
            return true
        },
        ParserTarget("revocation-list", longestInput: 4096) { (input) throws(BrokenProperty) in
            guard let list = try? CertificateRevocationList(der: input) else { return false }
            try hold((try? CertificateRevocationList(der: input)) == list, "a list reads the same twice")
            try hold((try? CertificateRevocationList(der: input + [0x00])) == nil, "a byte behind it is refused")
            try hold((try? CertificateRevocationList(der: input.dropLast())) == nil, "a list cut short is refused")
            return true
        },
    ]
}

/// Certification requests: in the form that the first byte chooses, or by PKCS #10.
extension ParserTarget {
    static let requests = [
        ParserTarget("certification-request", longestInput: 4096) { (input) throws(BrokenProperty) in
            let forms = CSRForm.all.filter { $0.envelope != .none }
            guard let choice = input.first, Int(choice) < forms.count else { return false }
            let form = forms[Int(choice)]
            let bytes = Array(input.dropFirst())
            guard let request = try? IDevIDRequest(parsing: bytes, form: form) else { return false }
            try hold((try? IDevIDRequest(parsing: bytes + [0], form: form)) == nil, "a byte behind it is refused")
            try hold((try? IDevIDRequest(parsing: bytes.dropLast(), form: form)) == nil, "one cut short is refused")
            let written = request.content.bytes(form: form)
            try hold(
                (try? IDevIDContent(parsing: written, form: form)) == request.content,
                "contents read the same when they are written again"
            )
            if form.contentHash == .inline {
                var changed = written
                changed[changed.count - 1] ^= 1
                try hold((try? IDevIDContent(parsing: changed, form: form)) == nil, "the digest covers the last byte")
            }
            _ = (request.reasons, request.template)
            return true
        },
        ParserTarget("pkcs10-request", longestInput: 4096) { (input) throws(BrokenProperty) in
            guard let request = try? CertificationRequest(der: input) else { return false }
            try hold((try? CertificationRequest(der: input + [0x00])) == nil, "a byte behind it is refused")
            try hold((try? CertificationRequest(der: input.dropLast())) == nil, "one cut short is refused")
            try hold(request.reasons.contains(.residencyNotShown), "nothing is certified for it")
            return true
        },
    ]
}
