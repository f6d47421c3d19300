import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/lobby.css";
import "./styles/call.css";
import "./styles/tile.css";
import "./styles/chat.css";
import "./call-page.js";
