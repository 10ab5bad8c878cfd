import Messages

/// Time-zone files as systems keep them: TZif of version 2 and later (RFC 9636 section 3).
extension TimeZoneRules {
    /// The most bytes of a file; the largest real one has 4 KB.
    static let maximumFileSize = 64 << 10

    /// Reads a file.
    /// - Parameters:
    ///   - bytes: the file's bytes, all of them.
    ///   - name: the zone that it is of.
    /// - Throws: `MessageError` when it is no such file, or one that counts leap seconds, as clocks here do not.
    init(parsing bytes: [UInt8], name: ZoneName) throws(MessageError) {
        guard bytes.count <= Self.maximumFileSize else {
            throw MessageError(.tooLarge, "the time-zone file of \(name) has \(bytes.count) bytes")
        }
        guard let parsed = Self.parsed(bytes, name) else {
            throw MessageError(.malformed, "the file of \(name) is not a time-zone file (TZif, version 2 or later)")
        }
        self = parsed
    }

    private static func parsed(_ bytes: [UInt8], _ name: ZoneName) -> TimeZoneRules? {
        var reader = TZifReader(rest: bytes[...])
        // The first block is for readers that know 32 bits only.
        guard let old = reader.header(), reader.skip(old.size(timeWidth: 4)), let header = reader.header(),
            header.leaps == 0, header.types >= 1
        else { return nil }
        guard let times = reader.take(header.times * 8), let indices = reader.take(header.times),
            let types = reader.take(header.types * 6),
            reader.skip(header.names + header.standards + header.universals)
        else { return nil }
        var offsets: [Int64] = []
        for start in stride(from: types.startIndex, to: types.endIndex, by: 6) {
            let offset = Int64(Int32(truncatingIfNeeded: bigEndian(types[start..<start + 4])))
            guard abs(offset) < maximumOffset else { return nil }
            offsets.append(offset)
        }
        var changes: [Change] = []
        for (number, index) in indices.enumerated() {
            let start = times.startIndex + number * 8
            let time = Int64(truncatingIfNeeded: bigEndian(times[start..<start + 8]))
            guard Int(index) < offsets.count, changes.last.map({ $0.at < time }) ?? true else { return nil }
            changes.append(Change(at: time, offset: offsets[Int(index)]))
        }
        guard let footer = reader.footer() else { return nil }
        var yearly: YearlyClockRule?
        if !footer.isEmpty {
            guard let rule = YearlyClockRule(parsing: footer) else { return nil }
            yearly = rule
        }
        return TimeZoneRules(name: name, initial: offsets[0], changes: changes, yearly: yearly)
    }

    fileprivate static func bigEndian(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }
}

private struct TZifReader {
    var rest: ArraySlice<UInt8>

    struct Header {
        var universals, standards, leaps, times, types, names: Int

        func size(timeWidth: Int) -> Int {
            times * (timeWidth + 1) + types * 6 + names + leaps * (timeWidth + 4) + standards + universals
        }
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard count <= rest.count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { take(count) != nil }

    /// Magic, version, 15 bytes that mean nothing, six counts of four bytes.
    mutating func header() -> Header? {
        guard let header = take(44), header.starts(with: Array("TZif".utf8)),
            (UInt8(ascii: "2")...UInt8(ascii: "4")).contains(header[header.startIndex + 4])
        else { return nil }
        let counts = (0..<6).map { number in
            let start = header.startIndex + 20 + number * 4
            return Int(TimeZoneRules.bigEndian(header[start..<start + 4]))
        }
        // None can be larger than the file that holds them; so their sums stay small.
        guard counts.allSatisfy({ $0 <= TimeZoneRules.maximumFileSize }) else { return nil }
        return Header(
            universals: counts[0],
            standards: counts[1],
            leaps: counts[2],
            times: counts[3],
            types: counts[4],
            names: counts[5]
        )
    }

    /// The TZ string between two line feeds, with which the file ends.
    mutating func footer() -> ArraySlice<UInt8>? {
        let lineFeed = UInt8(ascii: "\n")
        guard rest.count >= 2, rest.first == lineFeed, rest.last == lineFeed else { return nil }
        let text = rest.dropFirst().dropLast()
        return text.contains(lineFeed) ? nil : text
    }
}
