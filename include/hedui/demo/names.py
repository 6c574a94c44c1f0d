"""The characters that made-up names consist of: common surnames and given characters, and names with a middle dot."""

from __future__ import annotations

from typing import Final

SURNAMES: Final = tuple(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭"
    "陆范汪廖石金韦贾夏付方邹熊白孟秦"
    "邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文樊兰殷施洪翟安颜倪牛温芦俞章鲁葛伍申尤毕聂焦"
    "柳邢岳齐庄辛管祝左涂谷祁"
    "时耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫屈鲍覃霍翁隋甘景薄单包司柏宁柯阮桂闵"
)
"""Single-character surnames, the frequent ones first."""

DOUBLE_SURNAMES: Final = ("欧阳", "上官", "司马", "诸葛", "皇甫", "司徒", "令狐", "慕容", "尉迟", "夏侯")

GIVEN: Final = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文辉力鹏斌梅琳飞雪荣爱妹香月莺媛瑞凡佳嘉琼勤珍贞莉桦叶璧"
    "璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴"
    "瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑婕馨瑗琰韵融园艺咏卿聪澜纯毓悦昭冰爽琬茗羽希宁欣飘育滢馥筠柔竹霭凝晓"
    "欢霄枫芸菲寒伊亚宜可姬舒影荔枝思毅"
    "俊峰保东永健世广志义兴良海山仁波贵福生龙元全国胜学祥才发武新利清彬富顺信子昌成康星光天达安岩中茂进林有坚和彪博诚"
    "先敬震振壮会思群豪心邦承乐绍功松善厚庆"
    "民友裕河哲江浩亮政谦亨奇固之轮翰朗伯宏言若鸣朋梁栋维启克伦翔旭士以时泰盛"
)
"""Characters of given names; doubled entries are simply more frequent."""

MINORITY_FIRST: Final = (
    "乌云", "其其格", "巴特尔", "阿拉坦", "孛儿只斤", "萨仁", "娜仁", "格日勒",
    "苏日娜", "塔娜", "乌兰", "朝鲁", "哈斯", "宝力德", "呼和", "敖登",
)  # fmt: skip
MINORITY_LAST: Final = (
    "巴图", "其木格", "巴雅尔", "高娃", "图雅", "苏和", "孟和", "斯琴",
    "托娅", "满都拉", "额尔敦", "布和", "达来", "阿古拉", "那顺", "青格勒",
)  # fmt: skip
"""Parts of names that are written with a middle dot between them."""

UNIT_PLACE: Final = ("和对市", "东城新区", "西湖区", "南山区", "北塘区", "中和区", "青河县")
UNIT_WORD: Final = tuple("宏盛瑞祥泰和安康达信恒源广顺华丰鑫荣嘉美佳诚德润博远正大中天金玉龙海新兴隆昌永利福星")
UNIT_TRADE: Final = (
    "商贸", "科技", "建筑工程", "物流", "餐饮管理", "机械制造", "电子", "纺织",
    "食品", "医药", "环保", "文化传媒", "教育咨询", "汽车服务", "农业开发",
    "物业服务", "装饰设计", "能源", "化工", "家政服务",
)  # fmt: skip
UNIT_FORM: Final = ("有限公司", "有限责任公司", "股份有限公司", "（集团）有限公司", "合伙企业（有限合伙）")
