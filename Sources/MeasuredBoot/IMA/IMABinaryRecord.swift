import TPMWire

/// An entry of the binary list.
///
/// PCR, template digest, template name behind its length; then template data behind their length, or in the template
/// `ima` a bare SHA-1 digest and a name behind its length. All numbers are 32-bit little-endian.
struct IMABinaryRecord: Sendable {
    let digestSize: Int

    private static let legacyDigest = 20
    private static let pcrs = 0..<24

    /// The least number of bytes that the entry at the beginning of `bytes` has, and all of them once that many are there.
    func atLeast(_ bytes: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) -> Int {
        var length = 4 + digestSize + 4
        guard let pcr = bytes.littleEndian32(at: bytes.startIndex) else { return length }
        guard Self.pcrs.contains(pcr) else {
            let isSwapped = pcr & 0x00FF_FFFF == 0 && Self.pcrs.contains(pcr >> 24)
            throw isSwapped ? place.refuse(.bigEndian) : place.refuse(.noSuchPCR, String(pcr))
        }
        guard let nameLength = bytes.littleEndian32(at: bytes.startIndex + length - 4) else { return length }
        let nameStart = bytes.startIndex + length
        guard (1...IMABounds.templateName).contains(nameLength) else {
            throw place.refuse(.unknownTemplate, bytes[nameStart...].prefix(min(nameLength, 64)))
        }
        length += nameLength
        guard bytes.count >= length else { return length }
        let template = try template(bytes[nameStart..<nameStart + nameLength], place)
        length += template == .ima ? Self.legacyDigest + 4 : 4
        guard let dataLength = bytes.littleEndian32(at: bytes.startIndex + length - 4) else { return length }
        guard dataLength <= (template == .ima ? IMABounds.legacyName : IMABounds.templateData) else {
            throw place.refuse(.entryTooLarge, String(dataLength))
        }
        return length + dataLength
    }

    /// Reads one whole entry.
    func entry(_ bytes: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) -> IMAEntry {
        let digest = bytes.startIndex + 4..<bytes.startIndex + 4 + digestSize
        guard let pcr = bytes.littleEndian32(at: bytes.startIndex),
            let nameLength = bytes.littleEndian32(at: digest.upperBound)
        else { throw place.refuse(.truncated) }
        let nameStart = digest.upperBound + 4
        let template = try template(bytes[nameStart..<nameStart + nameLength], place)
        let body = nameStart + nameLength
        guard template != .ima else {
            let name = bytes[(body + Self.legacyDigest + 4)...]
            return try IMAEntry(
                legacy: bytes[body..<body + Self.legacyDigest],
                name: name,
                pcr: pcr,
                listed: bytes[digest],
                place
            )
        }
        let data = body + 4..<bytes.endIndex
        return IMAEntry(
            at: place,
            pcr: pcr,
            template: template,
            storage: bytes,
            listed: digest,
            data: data,
            fields: try IMAFields(template, bytes[data], place)
        )
    }

    private func template(_ name: ArraySlice<UInt8>, _ place: IMAPlace) throws(IMAListError) -> IMATemplate {
        // One allocation less than through a String, for every entry.
        guard let template = Self.templates.first(where: { name.elementsEqual($0.name) }) else {
            throw place.refuse(.unknownTemplate, name)
        }
        return template.template
    }

    private static let templates = IMATemplate.allCases.map { (name: Array($0.rawValue.utf8), template: $0) }
}

extension IMAEntry {
    /// An entry of the template `ima`: its digest is over the file digest and the name, padded to a fixed length.
    init(
        legacy digest: ArraySlice<UInt8>,
        name: ArraySlice<UInt8>,
        pcr: Int,
        listed: ArraySlice<UInt8>,
        _ place: IMAPlace
    ) throws(IMAListError) {
        guard name.count <= IMABounds.legacyName, !name.contains(0) else { throw place.refuse(.badName) }
        let hashed = listed.count..<listed.count + digest.count + IMABounds.legacyName + 1
        let nameStart = listed.count + digest.count
        let padding = [UInt8](repeating: 0, count: IMABounds.legacyName + 1 - name.count)
        self.init(
            at: place,
            pcr: pcr,
            template: .ima,
            storage: (Array(listed) + digest + name + padding)[...],
            listed: 0..<listed.count,
            data: hashed,
            fields: IMAFields(legacyDigest: listed.count..<nameStart, name: nameStart..<nameStart + name.count)
        )
    }
}
