import Messages
import VerifierClient

@testable import VerifierService

/// What a gateway does with what a child shows it, step by step.
struct TestGateway {
    let device: SoftwareKeyDevice

    var instance: InstanceID { device.instance }

    init(serial: String) throws { device = try SoftwareKeyDevice(serial: serial) }

    /// The child's evidence with this gateway's word for it.
    /// - Parameter claimed: what the statement says instead of what is so.
    func vouched(
        _ child: CompensatedEvidence,
        of instance: InstanceID,
        challenge: String,
        observed: ChildObservation,
        evidence claimed: ContentDigest? = nil
    ) throws -> VouchedEvidence {
        let statement = try VouchStatement(
            child: instance,
            evidence: claimed ?? child.digest,
            observed: observed
        ).bytes
        var request = try device.request(.vouch, challenge: challenge)
        request.vouches = ContentDigest(of: statement)
        return VouchedEvidence(
            child: child,
            statement: Blob(statement),
            gateway: try device.evidence(for: request)
        )
    }

    static func observed(readBack: ContentDigest? = nil, link: String? = nil) throws -> ChildObservation {
        ChildObservation(
            port: try label("lan"),
            address: try label("192.168.7.20"),
            link: try link.map { try label($0) },
            readBack: readBack
        )
    }
}

extension VerifierClient {
    /// A contact of a child through its gateway; its key moves on with the answer.
    @discardableResult
    func ask(
        _ child: inout CompensatedDevice,
        through gateway: TestGateway,
        _ purpose: Purpose = .attest,
        package: PackageReference? = nil,
        grant: String? = nil,
        readBack: ContentDigest? = nil,
        link: String? = nil
    ) async throws -> VouchedAnswer {
        let evidence = try await evidence(of: child, purpose, package: package, grant: grant)
        let answer = try await pass(
            evidence,
            of: child.instance,
            through: gateway,
            try TestGateway.observed(readBack: readBack, link: link)
        )
        guard answer.child.key == SoftwareKey(of: child.next) else {
            throw UnexpectedAnswer(text: "another key is committed")
        }
        child.moveOn()
        return answer
    }

    func evidence(
        of child: CompensatedDevice,
        _ purpose: Purpose = .attest,
        package: PackageReference? = nil,
        grant: String? = nil
    ) async throws -> CompensatedEvidence {
        let order = ChallengeRequest(instance: child.instance, purpose: purpose, package: package?.sha256)
        return try child.evidence(purpose, try await challenge(order).challenge, package: package, grant: grant)
    }

    func pass(
        _ evidence: CompensatedEvidence,
        of instance: InstanceID,
        through gateway: TestGateway,
        _ observed: ChildObservation
    ) async throws -> VouchedAnswer {
        let challenge = try await challenge(gateway.device, .vouch).challenge
        return try await decide(
            try gateway.vouched(evidence, of: instance, challenge: challenge, observed: observed)
        )
    }
}

extension TestVerifier {
    /// Says through whom a child may speak.
    @discardableResult
    func assign(_ child: CompensatedDevice, to gateways: [TestGateway]) async throws -> InstanceReport {
        let order = try GatewayOrder(
            try gateways.map { try label($0.instance.text) },
            reason: "hall 3"
        ).found()
        return try await operating(as: .operator) { try await $0.assign(child.serial, order) }
    }
}
