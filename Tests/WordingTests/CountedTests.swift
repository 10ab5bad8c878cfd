import Testing
import Wording

@Suite("Counts in texts for people")
struct CountedTests {
    @Test("One of them is told with the singular, any other number with the plural")
    func number() {
        #expect(Counted.of(1, "birth") == "1 birth")
        #expect(Counted.of(0, "birth") == "0 births")
        #expect(Counted.of(UInt64(21), "birth") == "21 births")
        #expect(Counted.of(-1, "birth") == "-1 births")
    }

    @Test("A noun with a plural of its own, and a verb, are given as they are")
    func verb() {
        #expect(Counted.of(1, "entry is", "entries are") == "1 entry is")
        #expect(Counted.of(2, "entry is", "entries are") == "2 entries are")
    }
}
