import Endorsement
import FactoryLine
import Foundation
import HTTPService
import Logging
import Messages
import Testing

@testable import EnrolmentService
@testable import FactoryAuthority

/// The list that says which certificates count no more, kept good by the host that serves it.
@Suite(.timeLimit(.minutes(20))) struct RevocationListTests {
    private static let day: Int64 = 86_400

    private func authority(_ line: TestLine) throws -> FactoryAuthority {
        try FactoryAuthority(opening: line.station.directory.authority)
    }

    /// What the file holds: one list, of this CA's making.
    private func list(_ authority: FactoryAuthority) throws -> CertificateRevocationList {
        let lists = try TrustDirectory.readLists(authority.directory.revocationList, allowing: [])
        let issuer = try #require(authority.policy.anchors.intermediates.first)
        let list = try #require(lists.first)
        #expect(lists.count == 1 && list.isIssued(by: issuer))
        return list
    }

    private func keeper(_ authority: FactoryAuthority, _ metrics: Metrics, at date: Int64) -> RevocationListKeeper {
        RevocationListKeeper(
            authority: authority,
            metrics: metrics,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { date }
        )
    }

    private func count(_ outcome: String, in metrics: Metrics) -> Bool {
        metrics.text().contains("birthmark_revocation_lists_total{outcome=\"\(outcome)\"} ")
    }

    @Test func aListIsSignedAgainWhenLessThanAThirdOfItsTimeIsLeft() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let now = TestLine.now
            // The first one, which nobody has asked for.
            let first = try #require(try authority.renewRevocationList(at: now))
            #expect(first.number == 1 && first.nextUpdate == now + 30 * Self.day)
            #expect(try authority.renewRevocationList(at: now + 20 * Self.day) == nil)
            let second = try #require(try authority.renewRevocationList(at: now + 20 * Self.day + 1))
            #expect(second.number == 2 && second.nextUpdate == now + 50 * Self.day + 1)
            // The time that somebody chose stays, whoever signs next; an ended list is no exception.
            _ = try authority.signRevocationList(at: now, days: 3)
            #expect(try authority.signRevocationList(at: now).nextUpdate == now + 3 * Self.day)
            #expect(try authority.renewRevocationList(at: now + 2 * Self.day) == nil)
            let late = try #require(try authority.renewRevocationList(at: now + 100 * Self.day))
            #expect(late.number == 5 && late.nextUpdate == now + 103 * Self.day)
            #expect(try list(authority).nextUpdate == late.nextUpdate)
        }
    }

    /// The clock was ten years ahead and was put right.
    @Test func aListThatBeginsInTheFutureIsSignedAgain() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let now = TestLine.now
            _ = try authority.signRevocationList(at: now + 3650 * Self.day)
            let second = try #require(try authority.renewRevocationList(at: now))
            #expect(second.number == 2 && second.nextUpdate == now + 30 * Self.day)
            #expect(try authority.renewRevocationList(at: now) == nil)
        }
    }

    @Test func aRevocationThatIsNotOnTheListIsReasonToSignAgain() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let outcome = try await line.withDevice { try await line.provision($0) }
            guard case .born(let born) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            _ = try authority.signRevocationList(at: TestLine.now, days: 90)
            #expect(try authority.renewRevocationList(at: TestLine.now) == nil)
            // Killed between the revocation and the list.
            try authority.revoke(born.serial, for: .keyCompromise, at: TestLine.now)
            let signed = try #require(try authority.renewRevocationList(at: TestLine.now))
            #expect(signed.revoked == 2 && signed.nextUpdate == TestLine.now + 90 * Self.day)
            let iak = try ParsedCertificate(der: try #require(born.iak.certificate).bytes)
            #expect(try list(authority).revoked.contains(iak.serialNumber))
            #expect(try authority.renewRevocationList(at: TestLine.now) == nil)

            // The file that knows them is lost: no list is signed that takes less back.
            try FileManager.default.removeItem(atPath: authority.directory.revoked)
            #expect(throws: AuthorityFailure.self) { try authority.renewRevocationList(at: TestLine.now) }
            #expect(throws: AuthorityFailure.self) { try authority.signRevocationList(at: TestLine.now) }
            #expect(try list(authority).revoked.count == 2)
        }
    }

    /// Neither file outgrows what it is read with, whatever the serial numbers are.
    @Test func aFullListIsReadAndTakesNoMore() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let outcome = try await line.withDevice { try await line.provision($0) }
            guard case .born(let born) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            let serial = String(repeating: "s", count: Label.maximumLength)
            func known(_ count: Int) -> String {
                let entries = (0..<count).map { number in
                    let digits = String(number, radix: 16)
                    let serialNumber = "7" + String(repeating: "0", count: 39 - digits.count) + digits
                    return #"{"date":1795000000,"reason":"cessation-of-operation","serial":"\#(serial)","#
                        + #""serialNumber":"\#(serialNumber)"}"#
                }
                return #"{"certificates":["# + entries.joined(separator: ",") + #"],"formatVersion":1,"number":7}"#
            }
            func put(_ count: Int) throws {
                try Data(known(count).utf8).write(to: URL(filePath: authority.directory.revoked))
            }
            // One of the two certificates of a device has room, and none is taken without the other.
            try put(79_999)
            #expect(throws: FactoryAuthority.RevocationFailure.self) {
                try authority.revoke(born.serial, for: .keyCompromise, at: TestLine.now)
            }
            try put(79_998)
            try authority.revoke(born.serial, for: .keyCompromise, at: TestLine.now)
            #expect(try authority.signRevocationList(at: TestLine.now).revoked == 80_000)
            #expect(try list(authority).revoked.count == 80_000)
        }
    }

    /// A copy without links has made something else of it: whose the number is nobody knows, which is not that it is nobody's.
    @Test func aClaimThatIsNoLinkIsDamaged() async throws {
        try await TestLine.with { line in
            let serial = TestLine.label("GW-0001")
            let outcome = try await line.withDevice { try await line.provision($0) }
            #expect(outcome.text == "born")
            let authority = try authority(line)
            let claim = authority.directory.claim(of: serial)
            try FileManager.default.removeItem(atPath: claim)
            try Data("IntxLNK".utf8).write(to: URL(filePath: claim))
            #expect(throws: AuthorityFailure.self) {
                try authority.revoke(serial, for: .keyCompromise, at: TestLine.now)
            }
        }
    }

    /// Roots of another CA, or of another time of this one, would have its own list pass for a stranger's, and begin anew.
    @Test func rootsOfAnotherCAForgetNoRevocation() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let place = AuthorityDirectory(line.directory + "/another")
            let (another, _) = try FactoryAuthority.make(in: place, name: authority.name, at: TestLine.now)
            let (own, others) = (authority.directory.factoryRoots, another.directory.factoryRoots)
            let roots = try Data(contentsOf: URL(filePath: own))
            try Data(contentsOf: URL(filePath: others)).write(to: URL(filePath: own))
            #expect(throws: AuthorityFailure.self) { try self.authority(line) }
            try roots.write(to: URL(filePath: own))
            #expect(try self.authority(line).policy.anchors == authority.policy.anchors)
        }
    }

    @Test func numbersGoOnWhenTheFileThatCountsThemIsLost() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            for number: UInt64 in 1...300 {
                #expect(try authority.signRevocationList(at: TestLine.now).number == number)
            }
            try FileManager.default.removeItem(atPath: authority.directory.revoked)
            #expect(try authority.signRevocationList(at: TestLine.now).number == 301)
            #expect(try list(authority).number == [1, 45])
        }
    }

    @Test func whatIsNoListOfThisCAIsReplaced() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let path = authority.directory.revocationList
            let other = try FactoryAuthority(opening: line.otherStation().directory.authority)
            _ = try other.signRevocationList(at: TestLine.now, days: 3650)
            try FileManager.default.copyItem(atPath: other.directory.revocationList, toPath: path)
            #expect(try authority.renewRevocationList(at: TestLine.now)?.nextUpdate == TestLine.now + 30 * Self.day)
            try Data("-----BEGIN X509 CRL-----\n".utf8).write(to: URL(filePath: path))
            #expect(try authority.renewRevocationList(at: TestLine.now)?.number == 2)
            _ = try list(authority)
        }
    }

    /// The one file is lost and the other cannot be read: no list is signed that takes less back.
    @Test func whatWasTakenBackIsNotForgottenWithBothFiles() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let path = authority.directory.revocationList
            _ = try authority.signRevocationList(at: TestLine.now)
            let damaged = Data("-----BEGIN X509 CRL-----\n".utf8)
            try damaged.write(to: URL(filePath: path))
            try FileManager.default.removeItem(atPath: authority.directory.revoked)
            #expect(throws: AuthorityFailure.self) { try authority.renewRevocationList(at: TestLine.now) }
            #expect(throws: AuthorityFailure.self) { try authority.signRevocationList(at: TestLine.now) }
            #expect(try Data(contentsOf: URL(filePath: path)) == damaged)
        }
    }

    @Test func aListThatCannotBeSignedIsCountedAndTriedAgain() async throws {
        try await TestLine.with { line in
            let authority = try authority(line)
            let path = authority.directory.revocationList
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            let metrics = Metrics([.revocationLists])
            keeper(authority, metrics, at: TestLine.now).look()
            #expect(count("failed", in: metrics) && !count("signed", in: metrics))
            try FileManager.default.removeItem(atPath: path)
            keeper(authority, metrics, at: TestLine.now + 3600).look()
            #expect(count("signed", in: metrics))
            #expect(try list(authority).thisUpdate == TestLine.now + 3600)
        }
    }

    /// From outside: a host that finds an old list serves a new one, and one that can sign none serves all the same.
    @Test func aHostSignsItsListAgainWhenItStarts() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            let passphrase = try #require(Passphrase(file: Array("correct horse\n".utf8)))
            let authority = try FactoryAuthority(
                opening: HostDirectory(host.directory).authority,
                passphrase: passphrase
            )
            _ = try authority.signRevocationList(at: TestLine.now - 25 * Self.day, days: 30)
            try await host.start()
            var end: Int64?
            for _ in 0..<6000 where end ?? 0 < TestLine.now + 29 * Self.day {
                end = try? list(authority).nextUpdate
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(end ?? 0 >= TestLine.now + 30 * Self.day)
            let shown = try OpenSSL.run([
                "crl", "-in", authority.directory.revocationList, "-noout", "-text", "-CAfile",
                authority.directory.issuing,
            ])
            #expect(shown.text.contains("verify OK") && shown.text.contains("CRL Number"), "\(shown.text)")
            host.kill9()
            try Data("{".utf8).write(to: URL(filePath: host.directory + "/revoked.json"))
            try await host.start()
            _ = try await host.station("line-7", in: line)
        }
    }
}
