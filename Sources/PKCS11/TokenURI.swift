import CP11Kit
import DurableFiles

/// Which key of which token, as a `pkcs11:` URI says (RFC 7512).
struct TokenURI {
    /// The shared library of the token's maker.
    let module: String
    /// CKA_LABEL of the token.
    let token: String
    /// CKA_LABEL of the key.
    let object: String
    /// The file that holds the PIN.
    let pinFile: String

    private static let maximumPIN = 256

    init(_ text: String) throws(TokenError) {
        guard let uri = unsafe p11_kit_uri_new() else { throw Self.malformed("no memory") }
        defer { unsafe p11_kit_uri_free(uri) }
        let parsed = unsafe p11_kit_uri_parse(text, P11KitUriType(rawValue: UInt32(P11_KIT_URI_FOR_ANY.rawValue)), uri)
        guard parsed == 0 else {
            throw Self.malformed(unsafe p11_kit_uri_message(parsed).map { unsafe String(cString: $0) } ?? "malformed")
        }
        guard unsafe p11_kit_uri_get_pin_value(uri) == nil else {
            throw Self.malformed("a PIN does not belong into it; put it into a file and name that with pin-source")
        }
        guard let module = unsafe p11_kit_uri_get_module_path(uri).map({ unsafe String(cString: $0) }) else {
            throw Self.malformed("module-path is missing")
        }
        guard let source = unsafe p11_kit_uri_get_pin_source(uri).map({ unsafe String(cString: $0) }) else {
            throw Self.malformed("pin-source is missing")
        }
        guard let token = unsafe Self.tokenLabel(uri), let object = unsafe Self.objectLabel(uri) else {
            throw Self.malformed("token or object is missing")
        }
        self.module = module
        self.token = token
        self.object = object
        pinFile = source.hasPrefix("file:") ? String(source.dropFirst(5)) : source
    }

    /// The PIN: the first line of its file.
    func pin() throws(TokenError) -> [UInt8] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try BoundedFile.readPrivate(pinFile, limit: 4096)
        } catch {
            let isExposed = error.code == .exposed
            throw TokenError(
                "the PIN: \(error.description)",
                hint: isExposed ? error.hint ?? "" : "name the PIN's file with pin-source"
            )
        }
        let pin = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        guard (1...Self.maximumPIN).contains(pin.count) else {
            throw TokenError("\(pinFile) holds no PIN", hint: "put it on the first line")
        }
        return pin
    }

    private static func malformed(_ detail: String) -> TokenError {
        TokenError(
            "the pkcs11: URI: \(detail)",
            hint: "write pkcs11:token=…;object=…?module-path=/…/module.so&pin-source=/…/pin"
        )
    }

    /// The token's label is 32 characters, filled up with spaces (PKCS #11, CK_TOKEN_INFO).
    @unsafe private static func tokenLabel(_ uri: OpaquePointer) -> String? {
        guard let information = unsafe p11_kit_uri_get_token_info(uri) else { return nil }
        let label = unsafe withUnsafeBytes(of: &information.pointee.label) { unsafe Array($0) }
        // p11-kit leaves zeros where the URI says nothing.
        guard label.first != 0 else { return nil }
        return trimmed(label)
    }

    @unsafe private static func objectLabel(_ uri: OpaquePointer) -> String? {
        guard let attribute = unsafe p11_kit_uri_get_attribute(uri, CK_ATTRIBUTE_TYPE(CKA_LABEL)) else { return nil }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: attribute.pointee.pValue,
            count: Int(clamping: attribute.pointee.ulValueLen)
        )
        let label = unsafe String(validating: Array(bytes), as: UTF8.self)
        return label?.isEmpty == false ? label : nil
    }

    static func trimmed(_ label: [UInt8]) -> String {
        let used = label.prefix { $0 != 0 }
        let end = used.lastIndex { $0 != UInt8(ascii: " ") }.map { used.index(after: $0) } ?? used.startIndex
        return String(decoding: used[..<end], as: UTF8.self)
    }
}
