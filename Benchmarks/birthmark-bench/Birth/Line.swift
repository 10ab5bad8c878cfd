import FactoryLine
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMDevice

/// A factory line for software devices.
struct Line {
    let directory: String
    let authority: LocalCA
    let station: Station
    let profile: ProvisioningProfile
    let endorsementKey: EndorsementKey
    let firmware: Firmware

    init(in directory: String, profile: String, endorsementKey: EndorsementKey) throws {
        self.directory = directory
        self.endorsementKey = endorsementKey
        authority = try LocalCA(directory: directory + "/ca")
        let files = FactoryDirectory(directory + "/line")
        station = try Station.make(in: files, name: Label(bench: "bench"), at: Self.now).station
        for file in [LocalCA.rootFile, LocalCA.intermediateFile] {
            try FileManager.default.copyItem(atPath: "\(directory)/ca/\(file)", toPath: "\(files.ekRoots)/\(file)")
        }
        let path = "Provisioning/profiles/\(profile).json"
        self.profile = try ProvisioningProfile(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        firmware = try Firmware.named("gateway-os-2.4.0")
    }

    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// Makes and boots a device and gives birth to it; only the birth is timed.
    ///
    /// - Parameters:
    ///   - watching: also writes down what each step takes, which costs some time itself.
    ///   - capture: also writes down what passes between libtss2 and the TPM, which costs more.
    func birth(_ number: Int, watching: Bool = false, capture: BusCapture? = nil) async throws -> MeasuredBirth {
        let order = BirthOrder(
            serial: try Label(bench: "BENCH-\(number)"),
            model: try Label(bench: "gw-100"),
            hardwareRevision: try Label(bench: "B"),
            environment: try Label(bench: "lab"),
            tier: .vtpm,
            bornWith: BornWith(
                name: try Label(bench: "gateway-os"),
                version: try Label(bench: "2.4.0"),
                securityVersion: 3
            )
        )
        let device = try await SoftwareDevice.make(
            in: DeviceDirectory("\(directory)/d\(number)"),
            ca: authority,
            endorsementKeys: [endorsementKey]
        )
        let log = try await device.boot(firmware: firmware)

        let clock = ContinuousClock()
        let start = clock.now
        let tpm = try await openTPM(tcti: capture?.tcti(device.tcti) ?? device.tcti)
        let watch = watching ? StepWatch(since: start, of: tpm) : nil
        let outcome = try await station.provision(order, profile: profile, on: tpm, eventLog: log, now: Self.now) {
            try await watch?.begin($0.rawValue)
        }
        try await watch?.begin("close the TPM")
        let usage = try await tpm.perform { connection throws(TPMError) in connection.usage }
        await tpm.close()
        let whole = clock.now - start

        guard case .born = outcome else { throw WrongResult(name: "birth: \(outcome)", wrong: 1, of: 1) }
        try await device.stop(orderly: false)
        return MeasuredBirth(whole: whole, usage: usage, steps: await watch?.steps(until: start + whole, usage) ?? [])
    }
}
