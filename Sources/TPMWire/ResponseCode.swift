/// TPM_RC and TSS2_RC (Part 2, 6.6; TSS 2.0 Overview, section 3): one number, taken apart.
///
/// Two codes that differ only in the handle, parameter or session they complain about have equal `code`s:
/// `if response.code == .authFail`.
public struct ResponseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number as the TPM or libtss2 gave it.
    public var rawValue: UInt32

    /// Any number.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Any number.
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// TPM_RC_SUCCESS.
    public static let success = ResponseCode(0)

    /// Who says so: bits 23 to 16.
    public struct Layer: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The number of the layer.
        public var rawValue: UInt8
        /// Any number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let tpm = Layer(rawValue: 0)
        public static let feature = Layer(rawValue: 6)
        public static let esapi = Layer(rawValue: 7)
        public static let sys = Layer(rawValue: 8)
        public static let mu = Layer(rawValue: 9)
        public static let tcti = Layer(rawValue: 10)
        public static let resourceManager = Layer(rawValue: 11)
        public static let resourceManagerTPM = Layer(rawValue: 12)

        /// The name that libtss2 uses.
        public var description: String {
            switch self {
            case .tpm: "tpm"
            case .feature: "fapi"
            case .esapi: "esapi"
            case .sys: "sys"
            case .mu: "mu"
            case .tcti: "tcti"
            case .resourceManager: "rm"
            case .resourceManagerTPM: "rmt"
            default: "layer \(rawValue)"
            }
        }
    }

    /// What a format-one code complains about; counts from 1.
    public enum Subject: Hashable, Sendable, CustomStringConvertible {
        case handle(Int)
        case parameter(Int)
        case session(Int)

        /// For people.
        public var description: String {
            switch self {
            case .handle(let number): "handle \(number)"
            case .parameter(let number): "parameter \(number)"
            case .session(let number): "session \(number)"
            }
        }
    }

    /// Who says so.
    public var layer: Layer { Layer(rawValue: UInt8(truncatingIfNeeded: rawValue >> 16)) }

    /// True when a TPM, or a resource manager in its place, chose the code.
    public var isFromTPM: Bool {
        // The kernel's resource manager answers TPM codes under layer 11, the user-space one its own small numbers;
        // no TPM code but success lies below 0x080, save TPM_RC_BAD_TAG which neither of them sends.
        switch layer {
        case .tpm, .resourceManagerTPM: true
        case .resourceManager: rawValue & 0xFFFF >= 0x080
        default: false
        }
    }

    /// True for format-one codes (bit 7), which say what they complain about.
    public var isFormatOne: Bool { isFromTPM && rawValue & 0x080 != 0 }

    /// The handle, parameter or session that is at fault, when the code says.
    public var subject: Subject? {
        guard isFormatOne else { return nil }
        let number = Int(rawValue >> 8 & 0x0F)
        if rawValue & 0x040 != 0 {
            return number == 0 ? nil : .parameter(number)
        }
        // Bit 11 tells sessions from handles; the number then has three bits (Part 2, 6.6.2).
        guard number & 0x7 != 0 else { return nil }
        return number & 0x8 != 0 ? .session(number & 0x7) : .handle(number)
    }

    /// The code without layer, number and subject, to be compared with the constants.
    ///
    /// Codes of the software layers are kept with their layer.
    public var code: ResponseCode {
        guard isFromTPM else { return self }
        return ResponseCode(isFormatOne ? rawValue & 0x0BF : rawValue & 0xFFF)
    }

    /// The name in the standard, or nil.
    public var name: String? {
        if isFromTPM { return Self.tpmCodes[code.rawValue]?.name }
        return Self.softwareCodes[rawValue & 0xFFFF].map { "TSS2_RC_" + $0.name }
    }

    /// `TPM_RC_VALUE (0x1c4), parameter 1: a value is out of range or wrong in this context`.
    public var description: String {
        let entry = isFromTPM ? Self.tpmCodes[code.rawValue] : Self.softwareCodes[rawValue & 0xFFFF]
        let who = layer == .tpm ? "" : " from \(layer)"
        let what = subject.map { ", \($0)" } ?? ""
        return "\(name ?? "unknown code") (0x\(String(rawValue, radix: 16)))\(who)\(what)"
            + (entry.map { ": " + $0.text } ?? "")
    }
}
