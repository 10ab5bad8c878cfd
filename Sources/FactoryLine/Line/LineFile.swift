import Messages

/// The file of an order list, with everything in its place and nothing decided: JSON, or a table.
struct LineFile {
    /// Completed by the defaults; their serial numbers are there, and no two are the same.
    let devices: [LineEntry]
    /// The station's slots; those of the file, or else those that were given beside it.
    let slots: [LineSlot]

    init(parsing bytes: [UInt8], defaults: LineEntry, slots: [LineSlot]) throws(MessageError) {
        let limit = OrderList.maximumSize
        guard bytes.count <= limit else {
            throw MessageError(.tooLarge, "\(bytes.count) bytes, at most \(limit) are accepted")
        }
        let file =
            CSVTable.isJSON(bytes)
            ? try EditedJSON.decode(Written.self, from: bytes, limit: limit)
            : Written(formatVersion: 1, devices: try Self.entries(of: CSVTable(parsing: bytes)))
        guard file.formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" is \(file.formatVersion), and only 1 is known here")
        }
        guard (1...OrderList.maximumDevices).contains(file.devices.count) else {
            throw MessageError(
                .outOfRange,
                "\(file.devices.count) devices; an order list has 1 to \(OrderList.maximumDevices)"
            )
        }
        self.slots = try LineSlot.checked(file.slots ?? slots)
        let shared = (file.defaults ?? LineEntry()).completed(by: defaults)
        devices = file.devices.map { $0.completed(by: shared) }
        let names = Set(self.slots.map(\.name))
        var serials: Set<Label> = []
        for (index, entry) in devices.enumerated() {
            if let serial = entry.serial, !serials.insert(serial).inserted {
                throw MessageError(.outOfRange, "device \(index + 1): the serial \(serial) stands twice")
            }
            if let slot = entry.slot, !names.contains(slot) {
                throw MessageError(.outOfRange, "device \(index + 1): the station has no slot \(slot)")
            }
        }
    }

    private static func entries(of table: CSVTable) throws(MessageError) -> [LineEntry] {
        var entries: [LineEntry] = []
        for record in try table.records() {
            var entry = LineEntry()
            for (name, value) in record.fields { try entry.set(name, value, line: record.line) }
            entries.append(entry)
        }
        return entries
    }

    private struct Written: Codable {
        var formatVersion: Int
        var defaults: LineEntry?
        var slots: [LineSlot]?
        var devices: [LineEntry]
    }
}
