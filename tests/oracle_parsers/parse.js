// Reads a JSON list of Oracle statements on stdin; writes, per statement, what each parser says against it (null: nothing).
const { CharStreams, CommonTokenStream } = require("antlr4ts");
const { PlSqlLexer } = require("antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlLexer.js");
const { PlSqlParser } = require("antlr4ts-sql/dist/src/grammar-output/plsql/PlSqlParser.js");
const { SQLDocument, SQLType } = require("@oceanbase-odc/ob-parser-js");

// The grammar knows keywords in upper case only: the stream upper-cases what the lexer looks at, not what it keeps.
function upperCased(text) {
  const stream = CharStreams.fromString(text);
  const ahead = stream.LA.bind(stream);
  stream.LA = (offset) => {
    const code = ahead(offset);
    return code >= 97 && code <= 122 ? code - 32 : code;
  };
  return stream;
}

function byAntlr(text) {
  const errors = [];
  const listener = { syntaxError: (_r, _s, line, column, message) => errors.push(`${line}:${column} ${message}`) };
  const lexer = new PlSqlLexer(upperCased(text));
  lexer.removeErrorListeners();
  lexer.addErrorListener(listener);
  const parser = new PlSqlParser(new CommonTokenStream(lexer));
  parser.removeErrorListeners();
  parser.addErrorListener(listener);
  parser.sql_script();
  return errors.length ? errors[0] : null;
}

function byOceanBase(text) {
  const block = /^\s*(DECLARE|BEGIN|CREATE\s+(OR\s+REPLACE\s+)?(PROCEDURE|FUNCTION|PACKAGE|TRIGGER))\b/i.test(text);
  try {
    const document = new SQLDocument({ text: block ? text + "\n/" : text, delimiter: block ? "/" : ";", type: SQLType.Oracle });
    if (document.statements.length !== 1) return `${document.statements.length} statements`;
    const parsed = document.statements[0].parse();
    const error = parsed && parsed.result && parsed.result.error;
    return error ? String(error.message || JSON.stringify(error)) : null;
  } catch (error) {
    return String((error && error.message) || error);
  }
}

const statements = JSON.parse(require("fs").readFileSync(0, "utf8"));
const short = (message) => message && message.slice(0, 200);
const verdicts = statements.map((text) => ({
  antlr: short(byAntlr(text + (/END;\s*$/.test(text) ? "\n/" : ";"))),
  oceanbase: short(byOceanBase(text)),
}));
process.stdout.write(JSON.stringify(verdicts));
