import Testing
import Wording

@Suite("Text that can be hashed in the time of its length")
struct StreamSafeTextTests {
    private func marks(_ count: Int) -> String {
        (0..<count).map { $0 % 2 == 0 ? "\u{0300}" : "\u{0316}" }.joined()
    }

    @Test("Thirty marks may combine with a character, one more may not")
    func bound() {
        #expect(
            "".isStreamSafe && "serial".isStreamSafe && "größer, 大きい, Việt, \u{1F469}\u{200D}\u{1F4BB}".isStreamSafe
        )
        #expect(("e" + marks(30)).isStreamSafe)
        #expect(("e" + marks(30) + "e" + marks(30)).isStreamSafe)
        #expect(marks(30).isStreamSafe)
        #expect(!("e" + marks(31)).isStreamSafe)
        #expect(!("größer" + marks(31) + "!").isStreamSafe)
    }
}
