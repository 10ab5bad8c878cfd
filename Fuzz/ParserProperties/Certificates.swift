import Endorsement

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
