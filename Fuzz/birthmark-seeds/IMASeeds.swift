import Crypto

/// IMA measurement lists with every template, a violation and a signature, binary and in ASCII.
enum IMASeeds {
    static let all: [String: [String: [UInt8]]] = [
        "ima-list": [
            "ng": entry("ima-ng", aggregate) + entry("ima-ng", file("/bin/sh")),
            "ngv2": entry("ima-ngv2", [text("ima:sha256:\0") + digest("/bin/sh"), text("/bin/sh\0")])
                + entry("ima-ngv2", [text("verity:sha256:\0") + digest("/bin/ls"), text("/bin/ls\0")]),
            "sig": entry("ima-sig", file("/bin/sh") + [signature]) + entry("ima-sig", file("/bin/ls") + [[]]),
            "sigv2": entry("ima-sigv2", [text("ima:sha256:\0") + digest("/bin/sh"), text("/bin/sh\0"), signature]),
            "buf": entry("ima-buf", [text("sha256:\0") + digest("quiet"), text("kexec-cmdline\0"), text("quiet")]),
            "violation": violation(file("/var/log/messages")) + entry("ima-ng", file("/bin/sh")),
            "legacy": legacy("/bin/sh"),
        ],
        "ima-list-ascii": [
            "ng": line("ima-ng", file("/bin/sh"), "sha256:\(hex(digest("/bin/sh"))) /bin/sh"),
            "sig": line(
                "ima-sig",
                file("/bin/sh") + [signature],
                "sha256:\(hex(digest("/bin/sh"))) /bin/sh \(hex(signature))"
            ),
            "buf": line(
                "ima-buf",
                [text("sha256:\0") + digest("quiet"), text("kexec-cmdline\0"), text("quiet")],
                "sha256:\(hex(digest("quiet"))) kexec-cmdline \(hex(text("quiet")))"
            ),
        ],
    ]

    private static let aggregate = [text("sha256:\0") + digest("boot"), text("boot_aggregate\0")]
    /// Version 2 of the kernel's header, SHA-256, a key's last four bytes, the length, and no real signature.
    private static let signature: [UInt8] =
        [3, 2, 4, 0x5A, 0x1B, 0x2C, 0x3D, 0, 8] + [UInt8](repeating: 0x30, count: 8)

    private static func file(_ path: String) -> [[UInt8]] { [text("sha256:\0") + digest(path), text(path + "\0")] }

    private static func data(_ fields: [[UInt8]]) -> [UInt8] { fields.flatMap { little($0.count) + $0 } }

    private static func record(_ template: String, _ data: [UInt8], listed: [UInt8]) -> [UInt8] {
        little(10) + listed + little(template.utf8.count) + text(template) + little(data.count) + data
    }

    private static func entry(_ template: String, _ fields: [[UInt8]]) -> [UInt8] {
        let data = data(fields)
        return record(template, data, listed: Array(Insecure.SHA1.hash(data: data)))
    }

    private static func violation(_ fields: [[UInt8]]) -> [UInt8] {
        record("ima-ng", data(fields), listed: [UInt8](repeating: 0, count: 20))
    }

    /// The template `ima`: a bare SHA-1 digest and a name; hashed with the name padded to 256 bytes.
    private static func legacy(_ path: String) -> [UInt8] {
        let digest = Array(Insecure.SHA1.hash(data: text(path)))
        let padded = text(path) + [UInt8](repeating: 0, count: 256 - path.utf8.count)
        let listed = Array(Insecure.SHA1.hash(data: digest + padded))
        return little(10) + listed + little(3) + text("ima") + digest + little(path.utf8.count) + text(path)
    }

    private static func line(_ template: String, _ fields: [[UInt8]], _ shown: String) -> [UInt8] {
        text("10 \(hex(Array(Insecure.SHA1.hash(data: data(fields))))) \(template) \(shown)\n")
    }

    private static func digest(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }
    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }
    private static func little(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
