import SwiftASN1

/// Time in certificates, as whole seconds since 1970-01-01T00:00:00Z; the year 9999 fits and needs no special case.
enum CertificateTime {
    /// Reads a Time (RFC 5280, section 4.1.2.5): UTCTime or GeneralizedTime, in Zulu, without fractions or leap seconds.
    static func read(_ node: ASN1Node) throws(CertificateError) -> Int64 {
        do {
            switch node.identifier {
            case .utcTime:
                let time = try UTCTime(derEncoded: node)
                guard time.seconds < 60 else { throw CertificateError.malformed(field: "time") }
                return seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
            case .generalizedTime:
                let time = try GeneralizedTime(derEncoded: node)
                guard time.rawFractionalSeconds.isEmpty, time.seconds < 60 else {
                    throw CertificateError.malformed(field: "time")
                }
                return seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
            default: throw CertificateError.malformed(field: "time")
            }
        } catch {
            throw .malformed(field: "time")
        }
    }

    /// Days by the civil calendar, with March as the first month so that the leap day comes last.
    ///
    /// The components come from SwiftASN1, which holds them to their ranges: nothing here can overflow.
    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ h: Int, _ m: Int, _ s: Int) -> Int64 {
        let shifted = month > 2 ? month - 3 : month + 9
        let y = month > 2 ? year : year - 1
        let daysBeforeYear = 365 * y + y / 4 - y / 100 + y / 400
        let daysBeforeMonth = (153 * shifted + 2) / 5
        let days = daysBeforeYear + daysBeforeMonth + day - 1 - 719_468
        return Int64(((days * 24 + h) * 60 + m) * 60 + s)
    }

    /// A moment by the calendar, in Zulu.
    struct Components {
        let year, month, day, hour, minute, second: Int
    }

    /// The inverse of the above (a cycle of 400 years has 146,097 days); bounded so that any Int64 is safe.
    static func components(_ seconds: Int64) -> Components {
        let bounded = min(max(seconds, -62_135_596_800), 253_402_300_799)
        let days = Int(bounded >= 0 ? bounded / 86_400 : (bounded - 86_399) / 86_400)
        let second = Int(bounded) - days * 86_400
        let z = days + 719_468
        let era = z / 146_097
        let dayOfEra = z - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return Components(
            year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month: month,
            day: dayOfYear - (153 * shifted + 2) / 5 + 1,
            hour: second / 3_600,
            minute: second / 60 % 60,
            second: second % 60
        )
    }

    /// ISO 8601, for messages.
    static func text(_ seconds: Int64) -> String {
        let c = components(seconds)
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(c.year, 4))-\(padded(c.month, 2))-\(padded(c.day, 2))T"
            + "\(padded(c.hour, 2)):\(padded(c.minute, 2)):\(padded(c.second, 2))Z"
    }
}
