import CP11Kit

/// A logged-in session with one token.
@safe struct TokenSession: ~Copyable {
    private let functions: UnsafeMutablePointer<CK_FUNCTION_LIST>
    private let session: CK_SESSION_HANDLE

    private static let maximumSlots = 256
    private static let refusalsOfPIN: [CK_RV] = [
        CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED, CKR_PIN_LOCKED,
    ]

    /// Loads the maker's module, finds the token and logs in.
    ///
    /// The module stays loaded for the life of the process: other sessions may use it.
    init(_ uri: TokenURI) throws(TokenError) {
        guard let functions = unsafe p11_kit_module_load(uri.module, 0) else {
            throw TokenError(
                "\(uri.module) is no PKCS #11 module",
                hint: "name the shared library of the token's maker with module-path"
            )
        }
        let initialised = unsafe p11_kit_module_initialize(functions)
        guard initialised == CKR_OK else { throw Self.failure("starting the module", initialised) }
        let slot = try unsafe Self.slot(of: uri.token, functions)
        var session = CK_SESSION_HANDLE()
        let flags = CK_FLAGS(CKF_SERIAL_SESSION | CKF_RW_SESSION)
        let opened = unsafe functions.pointee.C_OpenSession(slot, flags, nil, nil, &session)
        guard opened == CKR_OK else { throw Self.failure("opening a session", opened) }
        var pin = try uri.pin()
        let entered = unsafe functions.pointee.C_Login(
            session,
            CK_USER_TYPE(CKU_USER),
            &pin,
            CK_ULONG(clamping: pin.count)
        )
        for index in pin.indices { pin[index] = 0 }
        guard entered == CKR_OK || entered == CKR_USER_ALREADY_LOGGED_IN else {
            _ = unsafe functions.pointee.C_CloseSession(session)
            throw Self.failure("logging in", entered, isPINRefused: Self.refusalsOfPIN.contains(entered))
        }
        unsafe self.functions = unsafe functions
        self.session = session
    }

    deinit { _ = unsafe functions.pointee.C_CloseSession(session) }

    private static func slot(
        of token: String,
        _ functions: UnsafeMutablePointer<CK_FUNCTION_LIST>
    ) throws(TokenError) -> CK_SLOT_ID {
        var slots = [CK_SLOT_ID](repeating: 0, count: maximumSlots)
        var count = CK_ULONG(clamping: maximumSlots)
        let listed = unsafe functions.pointee.C_GetSlotList(CK_BBOOL(CK_TRUE), &slots, &count)
        guard listed == CKR_OK else { throw failure("listing the tokens", listed) }
        for slot in slots.prefix(Int(clamping: count)) {
            var information = CK_TOKEN_INFO()
            guard unsafe functions.pointee.C_GetTokenInfo(slot, &information) == CKR_OK else { continue }
            let label = unsafe withUnsafeBytes(of: &information.label) { unsafe Array($0) }
            if TokenURI.trimmed(label) == token { return slot }
        }
        throw TokenError("there is no token \"\(token)\"", hint: "plug it in, or initialise it with its maker's tool")
    }

    /// The object of a class with a label; nil when there is none.
    func object(_ type: UInt, labelled label: String) throws(TokenError) -> CK_OBJECT_HANDLE? {
        var type = CK_OBJECT_CLASS(type)
        var name = Array(label.utf8)
        var found = [CK_OBJECT_HANDLE](repeating: 0, count: 2)
        var count = CK_ULONG(0)
        let result = unsafe withUnsafeMutableBytes(of: &type) { type in
            unsafe name.withUnsafeMutableBytes { name in
                var template = unsafe [
                    unsafe Self.attribute(CKA_CLASS, type), unsafe Self.attribute(CKA_LABEL, name),
                ]
                let begun = unsafe functions.pointee.C_FindObjectsInit(session, &template, CK_ULONG(template.count))
                guard begun == CKR_OK else { return begun }
                let result = unsafe functions.pointee.C_FindObjects(session, &found, CK_ULONG(found.count), &count)
                _ = unsafe functions.pointee.C_FindObjectsFinal(session)
                return result
            }
        }
        guard result == CKR_OK else { throw Self.failure("looking for the key", result) }
        guard count <= 1 else {
            throw TokenError("the token has two keys called \"\(label)\"", hint: "give each its own label")
        }
        return count == 1 ? found[0] : nil
    }

    /// The value of an attribute.
    func value(of type: UInt, _ object: CK_OBJECT_HANDLE, limit: Int) throws(TokenError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        var length = 0
        let result = unsafe bytes.withUnsafeMutableBytes { buffer in
            var attribute = unsafe Self.attribute(type, buffer)
            let result = unsafe functions.pointee.C_GetAttributeValue(session, object, &attribute, 1)
            length = unsafe Int(clamping: attribute.ulValueLen)
            return result
        }
        guard result == CKR_OK, length <= limit else { throw Self.failure("reading the key", result) }
        return Array(bytes.prefix(length))
    }

    /// Makes a P-256 key pair that signs, cannot be read and cannot be copied.
    func makeP256(labelled label: String, curve: [UInt8]) throws(TokenError) {
        var yes = CK_BBOOL(CK_TRUE)
        var no = CK_BBOOL(CK_FALSE)
        var name = Array(label.utf8)
        var curve = curve
        var (publicKey, privateKey) = (CK_OBJECT_HANDLE(), CK_OBJECT_HANDLE())
        let result = unsafe withUnsafeMutableBytes(of: &yes) { yes in
            unsafe withUnsafeMutableBytes(of: &no) { no in
                unsafe name.withUnsafeMutableBytes { name in
                    unsafe curve.withUnsafeMutableBytes { curve in
                        var mechanism = unsafe CK_MECHANISM(
                            mechanism: CK_MECHANISM_TYPE(CKM_EC_KEY_PAIR_GEN),
                            pParameter: nil,
                            ulParameterLen: 0
                        )
                        var shown = unsafe [
                            unsafe Self.attribute(CKA_TOKEN, yes), unsafe Self.attribute(CKA_VERIFY, yes),
                            unsafe Self.attribute(CKA_LABEL, name), unsafe Self.attribute(CKA_EC_PARAMS, curve),
                        ]
                        var kept = unsafe [
                            unsafe Self.attribute(CKA_TOKEN, yes), unsafe Self.attribute(CKA_PRIVATE, yes),
                            unsafe Self.attribute(CKA_SENSITIVE, yes), unsafe Self.attribute(CKA_EXTRACTABLE, no),
                            unsafe Self.attribute(CKA_SIGN, yes), unsafe Self.attribute(CKA_LABEL, name),
                        ]
                        return unsafe functions.pointee.C_GenerateKeyPair(
                            session,
                            &mechanism,
                            &shown,
                            CK_ULONG(shown.count),
                            &kept,
                            CK_ULONG(kept.count),
                            &publicKey,
                            &privateKey
                        )
                    }
                }
            }
        }
        guard result == CKR_OK else { throw Self.failure("making the key", result) }
    }

    /// CKM_ECDSA over a digest: r and s, each as long as the order.
    func sign(_ digest: [UInt8], with key: CK_OBJECT_HANDLE, limit: Int) throws(TokenError) -> [UInt8] {
        var digest = digest
        var signature = [UInt8](repeating: 0, count: limit)
        var length = CK_ULONG(clamping: limit)
        var mechanism = unsafe CK_MECHANISM(
            mechanism: CK_MECHANISM_TYPE(CKM_ECDSA),
            pParameter: nil,
            ulParameterLen: 0
        )
        let begun = unsafe functions.pointee.C_SignInit(session, &mechanism, key)
        guard begun == CKR_OK else { throw Self.failure("signing", begun) }
        let count = CK_ULONG(clamping: digest.count)
        let signed = unsafe functions.pointee.C_Sign(session, &digest, count, &signature, &length)
        guard signed == CKR_OK else { throw Self.failure("signing", signed) }
        return Array(signature.prefix(Int(clamping: length)))
    }

    @unsafe private static func attribute(_ type: UInt, _ value: UnsafeMutableRawBufferPointer) -> CK_ATTRIBUTE {
        unsafe CK_ATTRIBUTE(
            type: CK_ATTRIBUTE_TYPE(type),
            pValue: value.baseAddress,
            ulValueLen: CK_ULONG(clamping: value.count)
        )
    }

    private static func failure(_ doing: String, _ code: CK_RV, isPINRefused: Bool = false) -> TokenError {
        let text =
            unsafe p11_kit_strerror(code).map { unsafe String(cString: $0) } ?? "CKR 0x\(String(code, radix: 16))"
        return TokenError(
            "the token: \(doing) failed: \(text)",
            hint: isPINRefused
                ? "put the right PIN into pin-source before another attempt: after a few a token locks itself"
                : "check the token, and the PIN in pin-source",
            isPINRefused: isPINRefused
        )
    }
}
