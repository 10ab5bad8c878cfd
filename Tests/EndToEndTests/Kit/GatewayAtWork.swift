import Foundation
import HeldPorts
import Messages
import SoftwareDevice
import Testing

/// A gateway on a software TPM that speaks for one device without a TPM, and reads its image back.
struct GatewayAtWork: Sendable {
    let device: FleetDevice
    let sensors: Sensors
    let process: VerifierProcess

    private var place: String { sensors.directory + "/gateway" }
    /// What the device behind it is given.
    var contact: String { place + "/gateway.json" }
    private var packages: String { place + "/packages" }

    /// Children have to speak through a gateway that reads them back; gateways have a TPM.
    static let policy = Sensors.policy(
        controls: #"{"releases":["sensor-os"],"approvals":0,"claims":true,"gateway":true,"readBack":true}"#,
        #"""
        ,{"id":"gateways","match":{"models":"*","hardwareRevisions":"*","environments":"*","tiers":["tpm","vtpm"],"packages":"*"},
        "moves":{"upgrade":true,"reinstall":true,"downgrade":false},"boot":{"requireLog":true,"secureBoot":"required"},
        "lease":{"seconds":3600},"grant":{"seconds":600},"gateway":true}
        """#
    )

    /// Runs a test with a device that was born, is assigned to a gateway, and has the gateway's contact.
    static func with(_ body: (GatewayAtWork, Sensor) async throws -> Void) async throws {
        let vendor = { @Sendable (directory: String) in
            _ = try LocalCA(directory: directory + "/tpm-vendor")
            return directory + "/tpm-vendor"
        }
        try await Sensors.with(policy: policy, vendor: vendor) { sensors in
            let device = try await FleetDevice.make(1, "p256", in: sensors.directory, sensors.transcript)
            let outcome: Result<Void, any Error>
            do {
                try await expect(0, device.provision(on: sensors.line))
                let gateway = try await GatewayAtWork(device, sensors)
                let sensor = try Sensor("S-1", in: sensors)
                do {
                    try await gateway.begin(for: sensor)
                    try await body(gateway, sensor)
                    outcome = .success(())
                } catch {
                    outcome = .failure(error)
                }
                await gateway.process.stop()
            } catch {
                outcome = .failure(error)
            }
            try? await device.software.stop(orderly: false)
            try outcome.get()
        }
    }

    private init(_ device: FleetDevice, _ sensors: Sensors) async throws {
        (self.device, self.sensors) = (device, sensors)
        let place = sensors.directory + "/gateway"
        let port = try HeldPort()
        let options = ["--listen", "127.0.0.1:\(port.number)", "--packages", sensors.directory]
        try await sensors.run(.gateway, ["init", place] + options)
        let arguments = [
            "--state", device.state, "--tcti", device.tcti, "--event-log", device.log, "--trust", sensors.trust,
        ]
        process = VerifierProcess(place, sensors.transcript, of: .gateway, arguments: arguments, port: port)
    }

    private func begin(for sensor: Sensor) async throws {
        try await sensor.bear()
        let file = place + "/service.json"
        var settings = String(decoding: try contents(of: file), as: UTF8.self)
        // What a debugging probe would do: the image as it lies on the device. All of this machine have one address.
        settings = settings.replacing(
            #""requestsPerSecond""#,
            with: #""readBack":{"command":"cat '\#(sensor.slot)'","seconds":20},"requestsPerSecond""#
        )
        settings = settings.replacing(#/"requestsPerSecond" *: *10\b/#, with: #""requestsPerSecond": 1000"#)
        try write(settings.utf8, to: file)
        let assign = ["device", "assign", sensor.serial, "--gateway", device.serial, "--reason", "hall 3"]
        try await sensors.run(.auditor, assign + sensors.asAlice)
        try await process.start()
        try await expect(0, sensor.agent("attest", ["--gateway", contact]))
    }

    /// Takes the packages away that it holds, so that the next update fetches anew.
    func forgetPackages() throws {
        for name in names(in: packages) { try FileManager.default.removeItem(atPath: "\(packages)/\(name)") }
    }
}
