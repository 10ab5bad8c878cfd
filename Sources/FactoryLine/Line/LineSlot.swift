public import Messages

/// A place at a station into which boards are put one after the other.
public struct LineSlot: Hashable, Sendable, Codable {
    /// What is written beside it.
    public let name: Label
    /// Where the TPM of a board in it is, as tpm2-tools spell it.
    public let tcti: String
    /// Where the event log of a board in it is, if there is one; read anew for each board.
    public let eventLog: String?

    private enum CodingKeys: String, CodingKey {
        case name = "slot"
        case tcti, eventLog
    }

    /// As many as devices that a line works on at once.
    static let maximumCount = Line.maximumWorkers
    /// The most bytes of a file of slots.
    public static let maximumSize = 1 << 20

    /// Names a slot.
    init(name: Label, tcti: String, eventLog: String? = nil) {
        self.name = name
        self.tcti = tcti
        self.eventLog = eventLog
    }

    /// Reads a file of slots: a table in CSV with slot, tcti and eventLog, or JSON with the same under "slots".
    /// - Throws: `MessageError` that names the line or the slot.
    public static func slots(parsing bytes: [UInt8]) throws(MessageError) -> [LineSlot] {
        guard CSVTable.isJSON(bytes) else {
            guard bytes.count <= maximumSize else {
                throw MessageError(.tooLarge, "\(bytes.count) bytes, at most \(maximumSize) are accepted")
            }
            return try checked(slots(of: CSVTable(parsing: bytes)))
        }
        let file = try EditedJSON.decode(File.self, from: bytes, limit: maximumSize)
        guard file.formatVersion == 1 else {
            throw MessageError(.outOfRange, "\"formatVersion\" is \(file.formatVersion), and only 1 is known here")
        }
        return try checked(file.slots)
    }

    /// Slots of which no two have the same name or the same TPM.
    static func checked(_ slots: [LineSlot]) throws(MessageError) -> [LineSlot] {
        guard slots.count <= maximumCount else {
            throw MessageError(.outOfRange, "\(slots.count) slots; a station has at most \(maximumCount)")
        }
        var names: Set<Label> = []
        var tpms: Set<String> = []
        for slot in slots {
            guard names.insert(slot.name).inserted else {
                throw MessageError(.outOfRange, "the slot \(slot.name) stands twice")
            }
            guard tpms.insert(slot.tcti).inserted else {
                throw MessageError(.outOfRange, "slot \(slot.name): the TPM \(slot.tcti) stands twice")
            }
        }
        return slots
    }

    private struct File: Codable {
        var formatVersion: Int
        var slots: [LineSlot]
    }

    private static func slots(of table: CSVTable) throws(MessageError) -> [LineSlot] {
        var slots: [LineSlot] = []
        for record in try table.records() {
            var values: [String: String] = [:]
            for (name, value) in record.fields {
                guard ["slot", "tcti", "eventLog"].contains(name) else {
                    throw MessageError(.malformed, "\"\(name.prefix(60))\" in the first line is no part of a slot")
                }
                values[name] = value
            }
            guard let name = values["slot"].flatMap(Label.init), let tcti = values["tcti"] else {
                throw MessageError(.malformed, "line \(record.line): a slot has a name of its own, and a tcti")
            }
            slots.append(LineSlot(name: name, tcti: tcti, eventLog: values["eventLog"]))
        }
        return slots
    }
}
