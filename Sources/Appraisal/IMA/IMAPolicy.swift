public import AttestationResults
public import MeasuredBoot
public import Messages
public import TPMCrypto

/// What Linux may have measured: which files by digest, signer or path, which other data by name.
///
/// A file is allowed when one of the three allows it; where nothing does, it is refused.
public struct IMAPolicy: Hashable, Sendable {
    /// Which policy this is: `IMARules.digest`.
    ///
    /// Progress under another one does not count.
    public var identity: ContentDigest
    /// Digests of files.
    public var digests: Set<IMAFileDigest>
    /// Whose signatures allow a file.
    public var signers: [IMASigner]
    /// Paths that nothing is said of.
    public var exclusions: [IMAExclusion]
    /// What else may have been measured, by the name that the kernel gives it.
    public var buffers: [[UInt8]: IMABufferRule]
    /// Whether files may have changed while they were measured.
    public var violations: IMAViolationRule
    /// How the kernel extends banks other than SHA-1; where several are named, the quote tells which it was.
    public var extensions: [IMAExtension]

    /// Joins the parts; allows nothing unless told.
    public init(
        identity: ContentDigest,
        digests: Set<IMAFileDigest> = [],
        signers: [IMASigner] = [],
        exclusions: [IMAExclusion] = [],
        buffers: [[UInt8]: IMABufferRule] = [:],
        violations: IMAViolationRule = .refused,
        extensions: [IMAExtension] = IMAExtension.allCases
    ) {
        self.identity = identity
        self.digests = digests
        self.signers = signers
        self.exclusions = exclusions
        self.buffers = buffers
        self.violations = violations
        self.extensions = extensions
    }
}

/// A key that signs files.
///
/// Always with the key itself: its identifier is chosen by whoever signs, and the kernel measures a signature whether
/// or not it verifies. Keys that a list says were loaded (`ima-buf` of a keyring) are never taken from there.
public struct IMASigner: Hashable, Sendable {
    /// The four bytes by which the kernel finds the key.
    public var keyID: [UInt8]
    public var key: PublicKey
}

/// Files that are not judged, and why.
public struct IMAExclusion: Hashable, Sendable {
    /// A directory with a slash at its end, for everything below it; or one path.
    public var path: String
    /// Why, for whoever reads the policy.
    public var reason: String

    /// Whether a path is excluded; one that leads through `..` never is, for nobody knows where to.
    func covers(_ name: ArraySlice<UInt8>) -> Bool {
        let path = path.utf8
        guard path.last == UInt8(ascii: "/") else { return name.elementsEqual(path) }
        return name.starts(with: path)
            && !name.split(separator: UInt8(ascii: "/")).contains { $0.elementsEqual("..".utf8) }
    }
}

/// What is allowed of data that are not a file: keys, command lines, policies.
public enum IMABufferRule: Hashable, Sendable {
    /// Anything, for a reason.
    case any(reason: String)
    /// Data with one of these digests.
    case digests(Set<IMAFileDigest>)
}

/// What a violation leads to.
///
/// The kernel says that one happened and nothing else that the PCR covers, so a violation cannot be excused by its path.
public enum IMAViolationRule: Hashable, Sendable {
    case refused
    case tolerated(reason: String)
}

/// What is to be said of the PCR that Linux extends, in one quote.
public struct IMAEvidence: Sendable {
    /// The PCR.
    public var pcr: Int
    /// The part of the list that came with the quote.
    public var list: IMAListPart?
    /// How far the list was followed in accepted evidence before; nil before the first.
    public var progress: IMAProgress?
    /// What it is judged by; nil where nobody says what Linux may have measured, and then nothing is known of it.
    public var policy: IMAPolicy?

    /// Joins the parts.
    public init(pcr: Int, list: IMAListPart?, progress: IMAProgress?, policy: IMAPolicy?) {
        self.pcr = pcr
        self.list = list
        self.progress = progress
        self.policy = policy
    }
}
