import AttestationResults
public import Messages
import TPMCrypto
public import TPMWire

/// A key file for `birthmark quote verify`: TPM2B_PUBLIC, TPMT_PUBLIC, or PEM.
public struct JudgedKey: Sendable {
    /// The public area; `nil` for a PEM file, which has none.
    public let publicArea: TPMTPublic?
    /// The key ready to verify with, or why there is none.
    let imported: Result<VerifyingKey, Finding>

    /// The most bytes of a key file: a PEM file with text around the key.
    public static let maximumSize = 16 << 10

    /// Reads a key file.
    /// - Throws: `QuoteFileError` when the file holds no public key; one that is unfit to attest is judged, not thrown.
    public init(file bytes: [UInt8]) throws(QuoteFileError) {
        guard bytes.count <= Self.maximumSize else {
            throw QuoteFileError(detail: "the key: \(bytes.count) bytes are too many for a public key")
        }
        if let text = Self.pem(bytes) {
            do throws(TPMCryptoError) {
                self.init(nil, .success(VerifyingKey(anySchemeOf: try PublicKey(pem: text))))
            } catch {
                throw QuoteFileError(detail: "the key: \(error.detail)")
            }
        } else {
            do throws(WireError) {
                self.init(publicArea: try TPMTPublic(parsing: Self.withoutSize(bytes)))
            } catch {
                throw QuoteFileError(detail: "the key: neither PEM nor TPM2B_PUBLIC nor TPMT_PUBLIC: \(error)")
            }
        }
    }

    /// Takes a public area.
    init(publicArea: TPMTPublic) {
        do throws(TPMCryptoError) {
            self.init(publicArea, .success(try VerifyingKey(publicArea)))
        } catch {
            self.init(publicArea, .failure(Finding(.keyParameters, error.detail)))
        }
    }

    private init(_ publicArea: TPMTPublic?, _ imported: Result<VerifyingKey, Finding>) {
        self.publicArea = publicArea
        self.imported = imported
    }

    /// A TPMT_PUBLIC begins with its type, 1 or 35, which as a size never fits the bytes that a key needs.
    private static func withoutSize(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        let hasSize = bytes.count >= 2 && Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2
        return bytes.dropFirst(hasSize ? 2 : 0)
    }

    /// Whether the key can sign nothing but what a TPM made; unknown without a public area.
    var attributes: QuoteReport.KeyAttributes {
        guard let publicArea else { return .unknown }
        guard case .success = imported, KeyChecks.faults(of: publicArea, madeFrom: nil).isEmpty else { return .refused }
        return .accepted
    }

    private static func pem(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self), text.contains("-----BEGIN ") else { return nil }
        return text
    }
}

extension QuoteJudgement {
    /// The most bytes of a file with PCR values: 24 PCRs of four banks have 10 KB.
    public static let maximumPCRFileSize = 64 << 10

    /// Reads `{"sha256":{"0":"<hex>"}}`, one member a bank, hexadecimal of either case; or what `tpm2_quote --pcr` writes.
    /// - Throws: `QuoteFileError` for anything else, a PCR that stands twice, or a value that is not of its bank's size.
    public static func pcrs(file bytes: [UInt8]) throws(QuoteFileError) -> [PCRValues] {
        if let file = ToolsPCRFile(bytes) { return try file.values }
        let banks: [String: [String: String]]
        do {
            banks = try EditedJSON.decode([String: [String: String]].self, from: bytes, limit: maximumPCRFileSize)
        } catch {
            throw QuoteFileError(detail: "the PCR values: \(error)")
        }
        var read: [PCRValues] = []
        for (name, written) in banks.sorted(by: { $0.key < $1.key }) {
            var values: [Int: [UInt8]] = [:]
            for (index, digits) in written {
                guard let pcr = Int(index), String(pcr) == index, let value = [UInt8](hexadecimal: digits) else {
                    throw QuoteFileError(
                        detail: "the PCR values: \(name) holds something that is no PCR or no hexadecimal"
                    )
                }
                values[pcr] = value
            }
            guard let bank = PCRBank(rawValue: name), let checked = PCRValues(bank: bank, values: values) else {
                throw QuoteFileError(
                    detail:
                        "the PCR values: \(name) is none of sha1, sha256, sha384, sha512, or a value is not of its size"
                )
            }
            read.append(checked)
        }
        return read
    }
}

/// Why a file that `birthmark quote verify` is given cannot be used.
public struct QuoteFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was seen.
    public let detail: String

    /// One line for people.
    public var description: String { detail }
}
