import Appraisal
import HTTPService
import Messages
import VerifierStore

extension Verifier {
    /// What an instance quotes whose record says nothing else; also what a stranger is told.
    static let usualSelection = PCRSet(bank: .sha256, pcrs: 0..<10)

    /// `POST /v1/challenges`: the answer for an unknown instance has the same shape, and is good for nothing.
    func challenge(_ exchange: Exchange) async throws -> Answer {
        let request = try exchange.message(ChallengeRequest.init(parsing:))
        let birth = try await enrolledBirth(request.instance)
        let enrolled = birth?.measured
        guard let selection = enrolled?.record.selection ?? Self.usualSelection else {
            throw ServiceProblem.undecided("no selection")
        }
        let binding = Challenges.Binding(
            instance: request.instance,
            purpose: request.purpose,
            package: request.package,
            iakName: birth?.keyName ?? [],
            selection: selection
        )
        // What a device takes along when it leaves is good for longer; how much of that counts, the policy says.
        let (token, expires) = (request.purpose == .delayed ? longChallenges : challenges).issue(
            for: binding,
            nonce: Self.random(Challenges.nonceSize),
            now: clock.milliseconds()
        )
        var holdsLog = false
        if let log = request.log { holdsLog = try await store.holdsLog(log) }
        return try .json(
            ChallengeAnswer(
                challenge: token,
                expires: expires / 1000,
                selection: selection,
                holdsLog: holdsLog,
                imaPCR: enrolled?.record.imaPCR
            )
        )
    }

    /// The birth of an instance, and what follows from it for every request; `nil` when it is not on record.
    func enrolledBirth(_ instance: InstanceID) async throws -> EnrolledBirth? {
        if let known = enrolled[instance] { return known }
        guard let birth = try await store.birth(of: instance) else { return nil }
        let found: EnrolledBirth
        do {
            switch try InstanceBirth(parsing: birth.payload) {
            case .measured(let record):
                found = .measured(Enrolled(record: record, key: try EnrolledKey(record.iak)))
            case .compensated(let record): found = .compensated(record)
            }
        } catch {
            // It was judged when it was imported.
            throw ServiceProblem.undecided("the birth record of \(instance) is not sound any more: \(error)")
        }
        enrolled.keep(found, for: instance)
        return found
    }

    static func random(_ count: Int) -> [UInt8] {
        // The generator asks the kernel each time, so whole words.
        var generator = SystemRandomNumberGenerator()
        var bytes: [UInt8] = []
        while bytes.count < count {
            let word: UInt64 = generator.next()
            bytes += (0..<min(8, count - bytes.count)).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
        }
        return bytes
    }
}
