import CommandLineContract
import FactoryLine

await CommandLineProgram.main(FactoryProgram.self, explain: FactoryProgram.explain)
