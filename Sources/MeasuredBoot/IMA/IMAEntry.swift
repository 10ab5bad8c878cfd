public import TPMWire

/// One entry of an IMA measurement list, its fields read and held to the form of its template.
///
/// Nothing in it is authenticated until the list up to it, or beyond it, reaches a quoted PCR value; of a violation
/// nothing ever is but that it happened, because the kernel then extends ones and not the entry's digest.
public struct IMAEntry: Sendable {
    /// Its number, counted from 0 at the beginning of the list.
    public var index: Int { place.entry }
    /// The PCR that the entry says it was measured into; no digest covers it.
    public let pcr: Int
    public let template: IMATemplate
    /// Whether the list shows a digest of zeros: the file was open for writing while it was measured, or the reverse.
    public let isViolation: Bool

    let place: IMAPlace
    /// The bytes that the ranges below point into.
    private let storage: ArraySlice<UInt8>
    private let listed: Range<Int>
    private let data: Range<Int>
    private let fields: IMAFields

    init(
        at place: IMAPlace,
        pcr: Int,
        template: IMATemplate,
        storage: ArraySlice<UInt8>,
        listed: Range<Int>,
        data: Range<Int>,
        fields: IMAFields
    ) {
        self.place = place
        self.pcr = pcr
        self.template = template
        self.storage = storage
        self.listed = listed
        self.data = data
        self.fields = fields
        isViolation = !storage[listed].contains { $0 != 0 }
    }

    /// The template digest that the list shows.
    public var listedDigest: ArraySlice<UInt8> { storage[listed] }
    /// The bytes that the template digest is over.
    public var templateData: ArraySlice<UInt8> { storage[data] }
    /// The file's or the data's digest.
    public var digest: IMAFileDigest {
        IMAFileDigest(
            algorithm: fields.algorithm.map { String(decoding: storage[$0], as: UTF8.self) } ?? "sha1",
            isVerity: fields.isVerity,
            bytes: Array(storage[fields.digest])
        )
    }
    /// The path, or what names the data of `ima-buf`: the bytes, whatever they are, without the NUL at the end.
    public var name: ArraySlice<UInt8> { storage[fields.name] }
    /// The signature field of `ima-sig`, with its header; nil in other templates and where the file had none.
    public var signature: ArraySlice<UInt8>? {
        template.tail == .signature && !fields.tail.isEmpty ? storage[fields.tail] : nil
    }
    /// The data of `ima-buf`; nil in other templates.
    public var buffer: ArraySlice<UInt8>? { template.tail == .buffer ? storage[fields.tail] : nil }
}

/// A digest as IMA writes it, with the kernel's name of its algorithm.
public struct IMAFileDigest: Hashable, Sendable {
    /// The kernel's name, as in `sha256`.
    public var algorithm: String
    /// Whether it is over an fs-verity tree and not over the file.
    public var isVerity: Bool
    public var bytes: [UInt8]

    public init(algorithm: String, isVerity: Bool = false, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.isVerity = isVerity
        self.bytes = bytes
    }

    /// By the first bytes of the digest alone: they are random already, and a policy's set is searched for every entry.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(bytes.prefix(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) })
    }

    /// The algorithm's number; nil when the name is none that is computed here.
    public var algorithmID: AlgorithmID? {
        guard let known = AlgorithmID(named: algorithm), BankHash(known) != nil else { return nil }
        return known
    }

    /// The size of the digests of an algorithm by the kernel's name; nil when the name is not known here.
    static func size(_ algorithm: ArraySlice<UInt8>) -> Int? {
        sizes.first { algorithm.elementsEqual($0.name) }?.size
    }

    // Commonest first; compared as bytes because this is done for every entry.
    private static let sizes: [(name: [UInt8], size: Int)] = [
        ("sha256", 32), ("sha1", 20), ("sha512", 64), ("sha384", 48), ("sha224", 28), ("md5", 16), ("rmd160", 20),
        ("sm3", 32), ("sm3-256", 32), ("sha3-256", 32), ("sha3-384", 48), ("sha3-512", 64),
    ].map { (Array($0.0.utf8), $0.1) }
}

extension IMAFileDigest: CustomStringConvertible {
    /// As the ASCII list writes it, behind `verity:` where it is over a tree.
    public var description: String {
        (isVerity ? "verity:" : "") + IMAText.printable(algorithm.utf8) + ":" + bytes.hexadecimal
    }
}
