import DurableFiles
import FoundationEssentials
import Messages

/// What a file says that a device boots: a machine with UEFI, shim and GRUB, or events one by one.
public enum BootFile: Sendable {
    case firmware(Firmware)
    case script(BootScript)

    /// The most bytes of a file; most have 1 KB.
    private static let maximumSize = 1 << 20

    /// Product and version, such as `gateway-os-2.4.0`.
    public var name: String {
        switch self {
        case .firmware(let firmware): firmware.name
        case .script(let script): script.name
        }
    }

    func events(_ tamper: Set<Tamper>) throws(SoftwareDeviceError) -> [MeasuredEvent] {
        switch self {
        case .firmware(let firmware): BootSequence(firmware: firmware, tamper: tamper).events
        case .script(let script): try script.measured(tamper)
        }
    }

    /// Reads a file; every key in it must be known.
    public init(contentsOf path: String) throws(SoftwareDeviceError) {
        do {
            let bytes = try BoundedFile.read(path, limit: Self.maximumSize)
            do {
                if (try? JSONDecoder().decode(Kind.self, from: Data(bytes)))?.events != nil {
                    self = .script(try EditedJSON.decode(BootScript.self, from: bytes, limit: Self.maximumSize))
                } else {
                    self = .firmware(try EditedJSON.decode(Firmware.self, from: bytes, limit: Self.maximumSize))
                }
            } catch {
                throw SoftwareDeviceError(
                    .input,
                    "\(path) says no boot: \(error.detail)",
                    hint: "swtpm/README.md describes both forms"
                )
            }
        } catch let error as FileError {
            throw SoftwareDeviceError(error)
        } catch let error as SoftwareDeviceError {
            throw error
        } catch {
            throw SoftwareDeviceError(.input, "\(path): \(error)")
        }
        if case .script(let script) = self { try script.check(path) }
    }

    /// Which of both forms it is.
    private struct Kind: Decodable {
        struct Anything: Decodable {}
        var events: [Anything]?
    }

    /// A file of this repository by its name, or any by its path, which has a slash.
    public static func named(_ name: String) throws(SoftwareDeviceError) -> BootFile {
        if name.contains("/") { return try BootFile(contentsOf: name) }
        let path = "\(directory)/\(name).json"
        guard FileManager.default.fileExists(atPath: path) else {
            throw SoftwareDeviceError(
                .input,
                "there is no firmware \(name)",
                hint: "name one of \(names.joined(separator: ", ")), or a descriptor by a path with a slash"
            )
        }
        return try BootFile(contentsOf: path)
    }

    /// The files of this repository.
    public static var names: [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// `swtpm/firmware`, next to this program's sources, or where BIRTHMARK_FIRMWARE says.
    private static var directory: String {
        if let named = ProcessInfo.processInfo.environment["BIRTHMARK_FIRMWARE"] { return named }
        let source = "\(#filePath)".split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(source)/firmware"
    }
}
